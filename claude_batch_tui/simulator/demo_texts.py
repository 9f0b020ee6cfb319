"""What the people of the demo workspace write and ask: tickets, articles, products and reviews in five languages."""

from __future__ import annotations

from random import Random
from typing import Final

TICKETS: Final = (
    ("billing", "I was charged twice for {product} in {month}. Order {order}. Please refund one of the payments."),
    ("bug", "Since the update {product} closes as soon as I open the settings. Order {order}, Android 16."),
    ("shipping", "Order {order} was due last Tuesday and tracking has not moved since {city}. Where is my {product}?"),
    ("returns", "The {product} is smaller than I thought. How do I send it back, and who pays? Order {order}."),
    ("billing", "Die Rechnung zu {order} nennt eine falsche Umsatzsteuer-ID. Können Sie sie korrigieren?"),
    ("bug", "Der {product} verbindet sich nach dem Aufwachen nicht mehr mit dem WLAN. Neustart hilft nur kurz."),
    ("shipping", "Bonjour, mon colis {order} est bloqué à {city} depuis cinq jours. Pouvez-vous vérifier ?"),
    ("returns", "Quisiera devolver el {product}: llegó con un rasguño en la parte inferior. Pedido {order}."),
    ("other", "注文 {order} の {product} について、保証期間はいつまでですか。説明書には書かれていません。"),
    ("praise", "Just wanted to say that the {product} is the best thing I bought this year. Greetings from {city}!"),
)  # fmt: skip

TICKET_ANSWERS: Final = {
    "billing": "The customer reports a wrong charge for order {order} and asks for a correction. Urgency: medium.",
    "bug": "The {product} fails after a recent change; restarting helps only briefly. Ask for the firmware version.",
    "shipping": "Parcel {order} has been stuck in {city} for days. Open a search with the carrier and tell the customer.",
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
    "Lisbon",
    "Tromsø",
    "Leipzig",
    "Osaka",
    "Lyon",
    "Bilbao",
    "Halifax",
    "Gdańsk",
    "Valparaíso",
    "Hobart",
)
MONTHS: Final = ("January", "February", "March", "April", "May", "June", "September", "October", "November")


def details(random: Random) -> dict[str, str]:
    """What the templates ask for, chosen for one row."""
    first, second = random.sample(FEATURES, 2)
    return {
        "product": random.choice(PRODUCTS),
        "city": random.choice(CITIES),
        "month": random.choice(MONTHS),
        "order": f"{random.choice('ABCDEFGH')}{random.randrange(10_000, 99_999)}",
        "first": first,
        "second": second,
    }
