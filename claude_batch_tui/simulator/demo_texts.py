"""What the work of the demo is about: rows of its sources and the answers to them. No text is about a person."""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

TICKETS: Final = (
    ("billing", "en", "I was charged twice for {product} in {month}. Order {order}. Please refund one of the payments."),
    ("bug", "en", "Since the update {product} closes as soon as I open the settings. Order {order}, Android 16."),
    ("shipping", "en", "Order {order} was due last Tuesday and tracking has not moved since {city}. Where is my {product}?"),
    ("returns", "en", "The {product} is smaller than I thought. How do I send it back, and who pays? Order {order}."),
    ("billing", "de", "Die Rechnung zu {order} nennt eine falsche Umsatzsteuer-ID. Können Sie sie korrigieren?"),
    ("bug", "de", "Der {product} aus {order} verbindet sich nicht mehr mit dem WLAN. Neustart hilft nur kurz."),
    ("shipping", "fr", "Bonjour, mon colis {order} est bloqué à {city} depuis cinq jours. Pouvez-vous vérifier ?"),
    ("returns", "es", "Quisiera devolver el {product}: llegó con un rasguño en la parte inferior. Pedido {order}."),
    ("other", "ja", "注文 {order} の {product} について、保証期間はいつまでですか。説明書には書かれていません。"),
    ("praise", "en", "The {product} (order {order}) is the best thing I bought this year. Greetings from {city}!"),
)  # fmt: skip

LABELS: Final = ("billing", "bug", "shipping", "returns", "praise", "other")

TICKET_SUMMARIES: Final = {
    "billing": "The customer reports a wrong charge for order {order} and asks for a correction.",
    "bug": "The {product} fails after a recent change; restarting helps only briefly. Ask for the firmware version.",
    "shipping": "Parcel {order} has been stuck in {city} for days. Open a search with the carrier.",
    "returns": "The customer wants to return the {product} (order {order}) and asks who pays the postage.",
    "other": "A question about the warranty of the {product}. Two years from delivery; no action needed.",
    "praise": "A thank-you from {city} for the {product}. No action needed; may be quoted with permission.",
}  # fmt: skip

PRODUCTS: Final = (
    "Lumen desk lamp", "Fjord kettle", "Atlas backpack 24 L", "Pico label printer", "Nimbus air monitor",
    "Cedar standing desk", "Orbit bike light", "Kite travel charger", "Moss wool blanket", "Quill e-paper tablet",
)  # fmt: skip

FEATURES: Final = (
    "charges over USB-C in two hours", "weighs less than a paperback", "is made of recycled aluminium",
    "comes with a five-year guarantee", "can be repaired with one screwdriver", "is quiet enough for a library",
    "remembers the last setting", "folds flat for the train",
)  # fmt: skip

DESCRIPTIONS: Final = (
    "Meet the {product}: it {first}, and it {second}. Made for people who would rather use a thing than look after it.",
    "The {product} {first}. It also {second}, which you will notice on the first evening and then never think of again.",
    "Der {product} hält, was ein Alltag verlangt: gut verarbeitet, leise, reparierbar. Für alle, die Dinge lange behalten.",
    "Le {product} tient dans la main et dans la durée. Simple, silencieux, réparable : l'essentiel, bien fait.",
    "El {product} está pensado para usarse todos los días: ligero, silencioso y fácil de reparar.",
)  # fmt: skip

ARTICLES: Final = (
    (
        "The harbour authority of {city} will close two of its seven berths for repairs until {month}. Ferries keep their "
        "timetable, but freight is diverted to the northern terminal. The port expects delays of up to a day and has asked "
        "hauliers to book slots in advance. Residents had complained about night work; the new plan ends it at ten."
    ),
    (
        "A study of 1,840 households in {city} found that heat pumps used 31 percent less energy than their owners had "
        "expected, mostly because the old boilers had been set too high. The authors warn that the sample leaned towards "
        "well-insulated homes, and will repeat the measurements in {month}."
    ),
    (
        "The city library of {city} lends more board games than films for the first time. Loans doubled within a year, and "
        "a waiting list of three weeks has formed for the most popular ones. From {month} on the library will open a room "
        "where games can be tried, run by volunteers."
    ),
)  # fmt: skip

SUMMARIES: Final = (
    "{city} closes two of seven berths until {month}; ferries run as usual, freight goes north with delays of up to a day.",
    "Heat pumps in {city} used 31 % less energy than expected, though the sample favoured well-insulated homes.",
    "Board games overtook films at {city}'s library; a volunteer-run games room opens in {month}.",
)  # fmt: skip

CITIES: Final = (
    "Lisbon", "Tromsø", "Leipzig", "Osaka", "Lyon", "Bilbao", "Halifax", "Gdańsk", "Valparaíso", "Hobart",
)  # fmt: skip
MONTHS: Final = ("January", "February", "March", "April", "May", "June", "September", "October", "November")

REVIEWS: Final = (
    (5, "The {product} {first}. I have had it since {month} and would buy it again."),
    (4, "Good, and it {first}. The cable is a hand too short for my desk in {city}."),
    (3, "The {product} does what it says. The app wants an update every week, which nobody asked for."),
    (2, "Arrived late in {city}, and the box had been opened. The {product} itself works."),
    (1, "Stopped after a month. The shop in {city} says to wait, so I wait."),
)  # fmt: skip
VERDICTS: Final = ("publish", "publish", "publish", "ask for proof of purchase", "publish, and tell support")

CLAUSES: Final = (
    ("liability", ("The supplier is liable for slight negligence only where an essential duty was breached, up to the value of "
     "order {order}.")),
    ("term", "This agreement ends on the last day of {month} and is renewed by a year unless ended three months before."),
    ("payment", "Invoices are due within 30 days of receipt at the offices in {city}; interest is nine points above the base rate."),
    ("warranty", "The {product} is warranted for 24 months from delivery; wear is excluded."),
)  # fmt: skip

TOPICS: Final = (
    "The {product} goes on sale in {month}; packaging is late by a week.",
    "Freight from {city} is booked until {month}; the second carrier is asked for an offer.",
    "Returns of the {product} fell by a third after the new photos.",
    "The warehouse in {city} counts stock on the first Monday of {month}.",
    "The manual of the {product} is to be rewritten, with larger drawings.",
    "Support asks for one form for all refunds, as order {order} went through three.",
    "The shop's search finds the {product} only by its old name.",
)  # fmt: skip

NOTES: Final = (
    ("Fixed: {product} no longer forgets its Wi-Fi after an update.", {
        "de": "Behoben: {product} vergisst das WLAN nach einem Update nicht mehr.",
        "fr": "Corrigé : {product} n'oublie plus son réseau Wi-Fi après une mise à jour.",
        "ja": "修正：{product} が更新後に Wi-Fi 設定を失わなくなりました。",
    }),
    ("New: {product} can be set up without an account.", {
        "de": "Neu: {product} lässt sich ohne Konto einrichten.",
        "fr": "Nouveau : {product} se configure sans compte.",
        "ja": "新機能：{product} はアカウントなしで設定できます。",
    }),
    ("Changed: {product} asks before it sends a report.", {
        "de": "Geändert: {product} fragt, bevor ein Bericht gesendet wird.",
        "fr": "Modifié : {product} demande avant d'envoyer un rapport.",
        "ja": "変更：{product} はレポートを送信する前に確認します。",
    }),
)  # fmt: skip
LANGUAGES: Final = {"de": "German", "fr": "French", "ja": "Japanese"}

FACTS: Final = {
    "type": "object",
    "properties": {
        "category": {"type": "string", "enum": sorted(LABELS)},
        "order": {"type": ["string", "null"]},
        "product": {"type": "string"},
        "urgency": {"type": "integer"},
        "refund": {"type": "boolean"},
        "summary": {"type": "string"},
    },
    "required": ["category", "order", "product", "urgency", "refund", "summary"],
    "additionalProperties": False,
}
INVOICE: Final = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "city": {"type": "string"},
        "due": {"type": "string"},
        "net": {"type": "number"},
        "vat": {"type": "number"},
        "total": {"type": "number"},
    },
    "required": ["number", "city", "due", "net", "vat", "total"],
    "additionalProperties": False,
}

Row = tuple[dict[str, str], str]
"""The columns of a row of a source, and what a good answer to it is."""


def details(random: Random) -> dict[str, str]:
    """What the texts ask for, chosen for one row."""
    first, second = random.sample(FEATURES, 2)
    return {
        "product": random.choice(PRODUCTS),
        "city": random.choice(CITIES),
        "month": random.choice(MONTHS),
        "order": f"{random.choice('ABCDEFGH')}{random.randrange(10_000, 99_999)}",
        "first": first,
        "second": second,
    }


def ticket(random: Random) -> Row:
    """A support ticket, with the label that it was given by hand."""
    label, language, text = random.choice(TICKETS)
    return {"lang": language, "body": text.format(**details(random)), "expected": label}, label


def ticket_facts(random: Random) -> Row:
    """A support ticket, and its facts as JSON."""
    label, language, text = random.choice(TICKETS)
    facts = details(random)
    summary = TICKET_SUMMARIES[label].format(**facts)
    # A few are told at such length that their answer is cut at max_tokens.
    if random.random() < 0.03:
        summary = " ".join([summary] * 4)
    answer: dict[str, Any] = {
        "category": label,
        "order": facts["order"] if "{order}" in text else None,
        "product": facts["product"],
        "urgency": random.randrange(3, 6) if label in ("bug", "shipping") else random.randrange(1, 4),
        "refund": label in ("billing", "returns"),
        "summary": summary,
    }
    return {"lang": language, "body": text.format(**facts)}, msgspec.json.encode(answer).decode()


def product(random: Random) -> Row:
    """A product, and its text for the shop."""
    facts = details(random)
    columns = {"product": facts["product"], "first": facts["first"], "second": facts["second"]}
    return columns, random.choice(DESCRIPTIONS).format(**facts)


def article(random: Random) -> Row:
    """An article, and one sentence for the newsletter."""
    which, facts = random.randrange(len(ARTICLES)), details(random)
    columns = {"section": ("economy", "energy", "culture")[which], "text": ARTICLES[which].format(**facts)}
    return columns, SUMMARIES[which].format(**facts)


def review(random: Random) -> Row:
    """A product review, and whether it is published. One in 150 gets no answer at all."""
    stars, text = random.choice(REVIEWS)
    answer = "" if random.random() < 1 / 150 else VERDICTS[5 - stars]
    return {"stars": str(stars), "review": text.format(**details(random))}, answer


def minutes(random: Random) -> Row:
    """Notes of a meeting, and its decisions as a list; a long one is cut at max_tokens."""
    topics = [topic.format(**details(random)) for topic in random.sample(TOPICS, random.randrange(2, 7))]
    columns = {"month": random.choice(MONTHS), "notes": " ".join(topics)}
    return columns, "\n".join(f"- {topic}" for topic in topics)


def alt_text(random: Random) -> Row:
    """A picture of the shop, and what is read aloud in its place."""
    facts = details(random)
    file = f"{facts['order'].lower()}.webp"
    return {
        "file": file,
        "product": facts["product"],
    }, f"{facts['product']}, seen from the front on a wooden table."


def clause(random: Random) -> Row:
    """A clause of a contract, and what it is about."""
    kind, text = random.choice(CLAUSES)
    return {"contract": f"C-{random.randrange(100, 999)}", "clause": text.format(**details(random))}, kind


def invoice(random: Random) -> Row:
    """A scanned invoice, and its figures as JSON."""
    facts = details(random)
    net = random.randrange(900, 90_000) / 100
    vat = round(net * 0.19, 2)
    answer = {
        "number": facts["order"],
        "city": facts["city"],
        "due": f"2026-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}",
        "net": net,
        "vat": vat,
        "total": round(net + vat, 2),
    }
    return {"scan": f"{facts['order']}.png"}, msgspec.json.encode(answer).decode()


def release_note(random: Random) -> Row:
    """A release note, and its translation."""
    text, translations = random.choice(NOTES)
    code = random.choice([*translations])
    facts = details(random)
    return {"to": LANGUAGES[code], "text": text.format(**facts)}, translations[code].format(**facts)


def survey(random: Random) -> Row:
    """An answer to a survey, and what it asks for."""
    _, text = random.choice(REVIEWS)
    return {"answer": text.format(**details(random))}, random.choice(("quality", "price", "delivery", "app"))
