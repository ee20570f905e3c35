"""What the page Methods says: one entry a heading that "?" links lead to. Words and formulas of the model, no code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """anchor: the part of the link behind #; formula: one line each, may be empty; limits: what it cannot say."""

    anchor: str
    heading: str
    text: tuple[str, ...]
    formula: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


READINGS = (
    Entry(
        "exposure",
        "Exposure: four readings, always in this order",
        (
            "Exposure is the share of the normal supply of a product in a market that is lost on a day. It is asked "
            "four times, from the widest question to the one that counts: linked, dependent, short, felt.",
            "Never read one of them alone. A product can be linked to a hundred per cent and lose nothing, because a "
            "licence is granted, because others make the input too, or because stocks last.",
            "A bloc (such as EU27) is the mean of its members, weighted by what they use.",
        ),
        ("exposure of p in m = 1 − A(p, m)", "linked ≥ dependent ≥ short high ≥ short ≥ short low"),
        ("Felt stands outside this order: after restrictions ease, output can still be lost while supply is back.",),
    ),
    Entry(
        "linked",
        "Linked: what hangs on it at all",
        (
            "Every clause in force counts as a full stop of all it names, every input as one that stops the line, no "
            "substitute and no spare capacity helps. 0 means that no path leads from a restricted good to the product.",
        ),
        ("severity = coverage = criticality = 1",),
        ("A ceiling, not a forecast: it answers “is there any connection?”.",),
    ),
    Entry(
        "dependent",
        "Dependent: the structural worst case",
        (
            "The flows that the clauses cover stop wholly; coverage, criticality and value shares stand at their high "
            "ends; documented substitutes and other makers count.",
        ),
        ("severity = 1; coverage, criticality, value share = high",),
        ("What would be missing if no licence were granted at all, before anybody adapts.",),
    ),
    Entry(
        "short",
        "Short: supply missing on the day",
        (
            "The share of normal supply that does not arrive on the day asked about, with the severity seen in "
            "practice, before stocks and transit.",
            "The three columns low, central, high are three runs of the whole model with every figure at its low, "
            "central and high end.",
        ),
        ("A(i, b) = Σ s(i, n→b) · (1 − r(i, n→b)) · a(i, n)", "short = 1 − A(product, market)"),
        ("Low and high are runs, not odds: nothing says how likely either is. See “How sure”.",),
    ),
    Entry(
        "felt",
        "Felt: output lost on the day",
        (
            "The headline. A simulation goes from the day before the first clause took effect to the day asked about: "
            "users draw down their stock of each input, goods under way still arrive, and output falls only once the "
            "stock of the input that binds is used up.",
            "A restriction acts on the day of shipping, so its effect arrives after the days of transit. Stock is "
            "refilled slowly, and only when supply is whole again.",
        ),
        (
            "inflow f = Σ s · (1 − r(t − T)) · a(t − T),  T = days of transit",
            "available = min(1, f + S);  S ← min(ceiling, S + f − use + refill)",
        ),
        (
            "Felt low is the low run with stocks at their high end; felt high is the high run with low stocks.",
            "Documented stocks are few, most are assumed days of cover: the list of assumptions names them.",
            "Government stocks are not used unless their release is asked for.",
        ),
    ),
    Entry(
        "first_day",
        "First loss: from which day output is lost",
        (
            "Days from the first clause's first day to the first day on which output is lost, in each of the three "
            "runs. Without a loss within the horizon it is blank.",
        ),
        ("first day = day of the first shortfall + S / (1 − f) of the input that binds",),
        ("The horizon ends a year after the day asked about; later losses are not shown.",),
    ),
)

SURE = (
    Entry(
        "reported",
        "Reported: what happened to output",
        (
            "Reports of plants that stood still, of output below plan, and as many of output that was not hit. None is "
            "used to compute anything; each is set beside the felt exposure of its days.",
            "It agrees if the central run lies in what the report allows: its figures, five points to either side; "
            "without figures, “not hit” allows up to 5 % and a hit anything above nothing. Within range: only some of "
            "low to high does.",
        ),
        (),
        (
            "Reports are of single makers, the model is of whole markets.",
            "Every report of no loss so far lies in its range, half of them below the central run: the central run "
            "leans high, because firms find, buy dear and change suppliers, which the model does not.",
        ),
    ),
    Entry(
        "coverage",
        "Coverage: how much rests on a source",
        (
            "Mean over the chain that sets the loss: of its edges (1 if the row has a source that can be checked) and "
            "its supplies (the share that is documented, not assumed). Where nothing is lost, over the whole chain.",
            "In the legal scope, coverage is something else: the share of a good's flow that meets the conditions of "
            "the clause (a purity, a form, a use).",
        ),
        ("coverage = mean(edge has a source, 1 − assumed share of supply)",),
        ("Well covered is not the same as right: the sources may be wrong or old.",),
    ),
    Entry(
        "confidence",
        "Confidence: high, medium, low, unverified",
        (
            "Of a row: how good its evidence is. Of a result: the weakest evidence on the chain that sets the loss.",
            "High: an official or measured figure. Medium: a named secondary source. Low: a rough or old figure, or "
            "one carried over from something similar. Unverified: no source that could be checked; such rows are "
            "marked everywhere and should be replaced first.",
        ),
    ),
    Entry(
        "only_prior",
        "Prior only: no observed severity",
        (
            "Nobody measured how much of the flow was lost; the severity is the typical one of measures of this kind "
            "and age. Such a result says what is usual, not what happened.",
        ),
        limits=("The priors are judgements, listed in the table assumptions with a reason each.",),
    ),
    Entry(
        "uncertainty",
        "How sure: draws and what to learn next",
        (
            "Every row with a range is drawn from a triangle (low, central, high), a thousand times; one draw a "
            "severity row, shared by all flows under it. The answer is then three quantiles: 5, 50 and 95 per cent.",
            "The rank correlation of each drawn row with the result says which fact would be most worth knowing "
            "better.",
        ),
        limits=("Unconfirmed clauses are not drawn: nobody knows their odds.",),
    ),
    Entry(
        "unconfirmed",
        "Unconfirmed: a promise has run out",
        (
            "A suspension until a day is a promise. When the day has passed and no legal text says what followed, the "
            "clause is unconfirmed, and two runs bound what may hold: all such clauses off (the low columns) and all "
            "on (the high ones). The central column takes the likelier branch where a report names one, else on.",
        ),
    ),
)

LAW = (
    Entry(
        "status",
        "Status: announced, in force, suspended, ended",
        (
            "The latest dated stretch of the clause's legal life that began by the day and covers the destination. "
            "Announced, agreed and pledged have no effect by themselves; only a clause in force restricts a flow.",
        ),
        limits=("Past the day until which the data know the law, every answer says so.",),
    ),
    Entry(
        "severity",
        "Severity: how much of the covered flow was lost",
        (
            "A dated share with its evidence, by destination and good: low, central, high. The most specific row "
            "wins: first by good, then destination, then end use, then the latest start.",
            "A licence duty is not a stop: its severity is what customs data or traders say was lost in practice. A "
            "quota's is 1 − ceiling / normal exports.",
        ),
        ("r = severity × coverage", "several clauses on one flow: the largest r, lost once"),
        (
            "Practice can go beyond the text (slow licences for goods that are not listed). Such rows are marked; "
            "“legal only” leaves them out.",
        ),
    ),
    Entry(
        "restriction",
        "Restriction: what a clause does to one flow",
        (
            "An export clause acts on flows from its issuer to its destinations; an import clause on flows into its "
            "issuer from the origins it names; a re-export clause on flows between other countries; a mine or plant "
            "stop on the maker's own output.",
            "An entity list acts only on flows to producers in the data; else it is listed as “firms only, not "
            "computed”.",
        ),
    ),
    Entry(
        "content",
        "Content: foreign-made goods with a share of the issuer's",
        (
            "Some clauses reach goods made abroad that contain more than a share of the issuer's materials by value. "
            "The share is followed through the chain, step by step, under normal sourcing.",
        ),
        ("v(g, n) = Σ value share(i, g) · Σ s(i, o→n) · (1 if o is the issuer, else v(i, o))",),
        ("Where a value share is unknown: free in the low run, caught in the high one; central only if named.",),
    ),
)

CHAIN = (
    Entry(
        "sourcing",
        "Sourcing: who supplies whom",
        (
            "Documented shares come first: supply rows of a country, then its own production, then documented "
            "imports. What no row explains is made at home or comes from the surplus of other makers in proportion. "
            "Shares of one buyer sum to 1.",
            "An exporter that makes none of a good is a trader: what it sells comes from the producers, and carries "
            "their restrictions.",
        ),
        ("home h = min(what rows leave, place / use)", "the rest ∝ max(0, place − use) of each exporter"),
        (
            "Most trade is documented by country, not by firm: two firms of a country look alike.",
            "Shares are those of normal times. They do not react to prices.",
        ),
    ),
    Entry(
        "criticality",
        "Criticality: output lost per input lost",
        (
            "1 stops the line, 0 is not missed. Where it was not measured it follows from how the input is used and "
            "how far it can be substituted at once.",
            "Inputs that stand in for each other form a group: what one lacks, the others take over in part.",
        ),
        (
            "essential: 1 − s / 1 − s/2 / 1 (s = substitutability)",
            "part of some designs: 0.1(1 − s) / 0.5(1 − s) / 1 − s",
        ),
    ),
    Entry(
        "availability",
        "Availability: from minerals to products",
        (
            "Output follows the scarcest essential input and the own capacity; the smaller counts, they do not "
            "multiply. Inputs that only add costs reduce output by their sum.",
        ),
        (
            "L(k) = Σ w · c · (1 − A) · (1 − min(1, Σ z · A of the others))",
            "a = max(0, min(own, min over essential k of 1 − L(k), 1 − Σ of the others' L(k)))",
        ),
        (
            "The generalised Leontief function of the systemic-risk literature (Diem et al. 2022), with graded "
            "criticality.",
        ),
    ),
    Entry(
        "sharing",
        "Sharing: who gets what is left",
        (
            "Fixed (default): each buyer bears the loss of its own suppliers. Shared: buyers outside the issuing "
            "countries meet the shortage alike. First: each buyer as if it were served first, a bound.",
        ),
        ("shared: A = T / U", "first: A = min(1, (T + spare) / u)"),
        ("The truth lies between first and the worse of the other two.",),
    ),
)

USES = (
    Entry(
        "why",
        "Why: the chain that sets the loss",
        (
            "At each step the binding input is the one whose lack costs most; all of them where several tie. Followed "
            "from the product down to the flow that a clause cuts, they are the binding chain. Inputs beside it are "
            "shown pale: they lack too, but something else is scarcer.",
            "Paths are ranked by the product of share, criticality and restriction along the way; they rank, they do "
            "not add up.",
        ),
    ),
    Entry(
        "contributions",
        "Contributions: how much is due to each event",
        (
            "Alone: what is missing with this event only. Added last: what disappears when it alone is lifted. Fair "
            "share (Shapley): the mean of what it adds over all orders in which events could come; these add up to "
            "the whole.",
        ),
        limits=("Exact up to 12 events that matter; beyond that 2,000 sampled orders, with a standard error.",),
    ),
    Entry(
        "difference",
        "Difference: what changed between two answers",
        (
            "The change of short from one answer to the other, in points of normal supply, split over the events "
            "that act differently. The event columns add up to the change; “data and options” is what other "
            "settings do by themselves.",
        ),
        ("change = short now − short before = Σ of the event columns",),
    ),
    Entry(
        "mitigations",
        "What helps",
        (
            "Each measure is tried out in the model and ranked by the shortfall and the days it avoids: a second "
            "source outside the issuer (10 % of supply), 30 more days of stock, a licence for one good, a substitute, "
            "recycled supply.",
        ),
        limits=("Costs and the time a measure takes are not in the model.",),
    ),
    Entry(
        "sure",
        "How sure: draws and the facts to check first",
        (
            "Every row with a range is drawn at random between its low and its high end, the central value being the "
            "likeliest: severity, coverage, criticality, value share, makers' shares, stocks, days under way, refill "
            "and the defaults that stand in for them. One draw a row, shared by all flows that rest on it; shares keep "
            "the sum they had. The whole model is asked again for each draw.",
            "The facts to check first are the rows whose draws go most with the answer, by rank correlation.",
        ),
        ("triangular(low, central, high)", "same seed, same draws"),
        ("Unconfirmed clauses are not drawn: both branches are shown apart. Trade shares have no documented range.",),
    ),
    Entry(
        "survival",
        "Plan and simulation side by side",
        (
            "What is in force on the day is taken to begin that day with full stocks and to go on unchanged. The plan "
            "of Simchi-Levi et al. (2015) is one linear programme over the whole stretch: it knows the end, sends each "
            "unit where it helps most and ships at once. The simulation takes each day as it comes: a stock serves its "
            "holder only, and what was shipped before the stop still arrives. A severity below 1 leaves that part of "
            "the normal flow in both.",
            "The last row is the simulation of the clauses on their own dates.",
        ),
        ("min Σ lost; what is used ≤ what arrives + stock, in sum", "time to survive = largest T with nothing lost"),
        (
            "Where inputs add up or stand in for each other, the simulation lets lines save stock while output is down "
            "anyway and can come out ahead of the plan by some days. Sharing is not part of the plan.",
        ),
    ),
    Entry(
        "chokepoints",
        "Chokepoints and leverage",
        (
            "A full stop of each good in each country, tried one by one: which products of a market lose how much. "
            "Concentration of makers is the Herfindahl index of documented shares, a lower bound where some are "
            "unknown.",
        ),
        ("HHI = Σ share², 0 to 1",),
    ),
    Entry(
        "what_if",
        "What if: hypothetical events",
        (
            "A hypothetical clause is treated like any other: who stops, bans or halts what, to whom, how hard, from "
            "when. Stops cuts exports, bans cuts imports, halts cuts the output itself.",
            "A commodity stands for every mineral good of it, from ore to metal; a good stands for itself alone.",
        ),
        limits=("Severity is your assumption; without one the flow stops wholly.",),
    ),
    Entry(
        "own",
        "My products: your own rows",
        (
            "Your rows are laid over the reference data: a row with the same key replaces it, any other is added. "
            "They go before reference rows that say the same and count as low confidence unless you say otherwise.",
            "Files stay in the memory of the server, for your session only, for two hours without use at most; "
            "nothing is written to disk. The button “Remove my data” removes them at once.",
        ),
    ),
)

GAPS = (
    "Prices, rationing by price and new suppliers that enter are not modelled: the answer is about flows, on a day.",
    "Countries stand for firms unless your own rows name them; two firms of one country look alike.",
    "Many stocks, military ones above all, are not public. Assumed days of cover decide when a loss is felt.",
    "Customs codes are coarse: all NdFeB magnets share one, whether they contain dysprosium or not.",
    "Value shares are known for few goods, so content clauses are mostly bounded, not computed.",
    "Items of some clauses are not in the graph yet; each answer counts them. Entity lists of firms that the data do "
    "not name are listed, not computed.",
    "How licences are granted in practice is known late and in part; where nothing is known a prior speaks and the "
    "result says “prior only”.",
    "It is not for predicting prices, for trading, for legal advice, or for proving that a firm complies.",
)

PARTS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("What the numbers mean", READINGS),
    ("How sure they are", SURE),
    ("What the law does", LAW),
    ("How a shortage travels", CHAIN),
    ("What else can be asked", USES),
)
