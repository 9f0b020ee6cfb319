"""Which encoding a file has: a matrix of small files, and what is said of a guess."""

import pytest

from claude_batch_tui.errors import SourceError
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.encodings import guess_encoding, utf16_without_mark
from claude_batch_tui.sources.source_file import open_source

_TEXTS = (
    (
        "fr",
        "cp1252",
        "prose",
        "id;texte\n1;J'ai commandé très tard, où est passé mon colis ?\n2;Ça ne marche pas, même après réinstallation\n3;Le café était froid",
    ),
    ("fr", "cp1252", "names", "id,nom\n1,François Lefèvre\n2,Zoé Gaël\n3,Chloé Béranger\n4,Noël Côté"),
    ("fr", "cp1252", "one", "id,text\n1,the café was fine\n2,plain"),
    ("fr", "cp1252", "one", "id,text\n1,c'est très bien\n2,plain text"),
    (
        "de",
        "cp1252",
        "prose",
        "id;text\n1;Die Größe passt nicht, bitte zurückschicken\n2;Schöne Grüße aus München\n3;Lieferung über drei Tage verspätet",
    ),
    ("de", "cp1252", "names", "id;name\n1;Jürgen Müller\n2;Bärbel Groß\n3;Sören Jäger"),
    (
        "de",
        "cp1252",
        "one",
        "Jahr;Kinosäle;Plätze;text\n1981;12;9000;gut\n1982;11;8800;mittel\n1983;10;8500;Vorhandene Plätze",
    ),
    (
        "es",
        "cp1252",
        "prose",
        "id,texto\n1,¿Dónde está mi pedido?\n2,El niño comió mañana y se quejó\n3,¡Qué atención más rápida!",
    ),
    ("es", "cp1252", "names", "id,nombre\n1,José Núñez\n2,María Peña\n3,Íñigo Ibáñez"),
    (
        "pt",
        "cp1252",
        "prose",
        "id,texto\n1,Não recebi a encomenda até agora\n2,A informação está errada, não há solução\n3,Gostaria de devolução",
    ),
    ("pt", "cp1252", "names", "id,nome\n1,João Conceição\n2,Inês Guimarães\n3,André Simões"),
    (
        "it",
        "cp1252",
        "prose",
        "id,testo\n1,Perché il pacco non è arrivato?\n2,La qualità è buona ma così no\n3,Più veloce di così non si può",
    ),
    (
        "sv",
        "cp1252",
        "prose",
        "id;text\n1;Jag fick fel färg på tröjan\n2;Paketet är ännu på väg från Malmö\n3;Hör av er snart så jag får svar",
    ),
    (
        "da",
        "cp1252",
        "prose",
        "id;tekst\n1;Jeg har købt en blå stol på nettet\n2;Prisen er for høj, og æsken er i stykker\n3;Hvor bliver pakken af? Vi går ud fra lørdag",
    ),
    ("no", "cp1252", "names", "id;navn\n1;Åse Bjørnstad\n2;Pål Sørensen\n3;Kjærsti Ødegård"),
    (
        "fi",
        "cp1252",
        "prose",
        "id;teksti\n1;Tilaus ei tullut perille ajoissa, hyvää päivää\n2;Tämä on väärä väri\n3;Hyvä palvelu, kiitän",
    ),
    (
        "is",
        "cp1252",
        "prose",
        "id,texti\n1,Það er ekki rétt verð á þessu\n2,Ég fékk aldrei svar við bréfinu\n3,Hvað kostar sendingin í dag?",
    ),
    (
        "nl",
        "cp1252",
        "prose",
        "id,tekst\n1,De coöperatie is geïnformeerd\n2,Eén stuk ontbreekt, financiële schade\n3,gewoon",
    ),
    ("en", "cp1252", "one", "id,text\n1,costs 20 €\n2,costs 30 €\n3,plain text here"),
    ("en", "cp1252", "one", "id,text\n1,It’s “fine” – really…\n2,plain\n3,She said “no”"),
    ("en", "cp1252", "one", "id,price\n1,£20 too much\n2,£5"),
    ("en", "cp1252", "one", "id,text\n1,about ½ cup\n2,none"),
    ("en", "cp1252", "one", "id,text\n1,© 2024 Acme\n2,none"),
    ("en", "cp1252", "one", "id,text\n1,Acme™ bolts\n2,none"),
    ("en", "cp1252", "one", "id,text\n1,it is 20° outside\n2,none"),
    ("en", "cp1252", "one", "id,text\n1,naïve résumé\n2,none"),
    ("en", "cp1252", "one", "id,text\n1,see § 4\n2,none"),
    ("en", "cp1252", "one", "id,text\n1,• first point\n2,• second point"),
    ("en", "cp1252", "one", "id,text\n1,a — b\n2,x"),
    ("en", "cp1252", "one", "id,text\n1,size 5×4 ±1\n2,x"),
    ("en", "cp1252", "one", "id,text\n1,the dog’s bone\n2,x"),
    (
        "fr",
        "iso8859_15",
        "prose",
        "id;texte\n1;Le prix est de 20 € ou 30 €\n2;L'œuvre est très belle\n3;Le cœur du problème",
    ),
    (
        "de",
        "mac_roman",
        "prose",
        "id;text\n1;Die Größe passt nicht, bitte zurückschicken\n2;Schöne Grüße aus München\n3;Lieferung über drei Tage verspätet",
    ),
    (
        "fr",
        "mac_roman",
        "prose",
        "id;texte\n1;J'ai commandé très tard, où est passé mon colis ?\n2;Ça ne marche pas, même après réinstallation\n3;Le café était froid",
    ),
    (
        "de",
        "cp850",
        "prose",
        "id;text\n1;Die Größe passt nicht, bitte zurückschicken\n2;Schöne Grüße aus München\n3;Lieferung über drei Tage verspätet",
    ),
    (
        "pl",
        "cp1250 iso8859_2",
        "prose",
        "id;tekst\n1;Zamówienie nie dotarło, proszę o zwrot pieniędzy\n2;Książka była uszkodzona, źle się czyta\n3;Dziękuję za szybką odpowiedź",
    ),
    (
        "pl",
        "cp1250 iso8859_2",
        "names",
        "id;imię\n1;Łukasz Wiśniewski\n2;Małgorzata Dąbrowska\n3;Paweł Wójcik",
    ),
    (
        "cs",
        "cp1250 iso8859_2",
        "prose",
        "id;text\n1;Objednávka nedorazila, prosím o vrácení peněz\n2;Příliš žluťoučký kůň úpěl ďábelské ódy\n3;Děkuji za rychlou odpověď",
    ),
    ("cs", "cp1250", "names", "id;jméno\n1;Jiří Dvořák\n2;Lenka Růžičková\n3;Tomáš Černý"),
    (
        "sk",
        "cp1250",
        "prose",
        "id;text\n1;Objednávka neprišla, prosím o vrátenie peňazí\n2;Ďakujem za rýchlu odpoveď, ľutujem\n3;Kvalita je veľmi zlá",
    ),
    (
        "hu",
        "cp1250 iso8859_2",
        "prose",
        "id;szöveg\n1;A megrendelés nem érkezett meg, kérem vissza a pénzt\n2;Nagyon jó minőségű, köszönöm\n3;Túl hosszú ideig tartott az űrlap kitöltése",
    ),
    ("hu", "cp1250", "names", "id;név\n1;Kovács Győző\n2;Erdős Tünde\n3;Szűcs Jenő"),
    (
        "ro",
        "cp1250",
        "prose",
        "id;text\n1;Comanda nu a ajuns, vă rog să îmi returnaţi banii\n2;Mulţumesc pentru răspuns, aştept\n3;Preţul este prea mare şi nu îmi place",
    ),
    (
        "hr",
        "cp1250",
        "prose",
        "id;tekst\n1;Narudžba još nije stigla, molim povrat novca\n2;Kvaliteta je vrlo loša, ne želim više\n3;Hvala što ste riješili, šaljem račun kući",
    ),
    ("sl", "cp1250", "names", "id;ime\n1;Žiga Čuček\n2;Špela Šušteršič\n3;Matjaž Žnidaršič"),
    (
        "lt",
        "cp1257",
        "prose",
        "id;tekstas\n1;Užsakymas dar neatvyko, prašau grąžinti pinigus\n2;Labai ačiū už greitą atsakymą\n3;Kokybė yra bloga, nenoriu šių daiktų",
    ),
    (
        "lv",
        "cp1257",
        "prose",
        "id;teksts\n1;Pasūtījums vēl nav saņemts, lūdzu atgrieziet naudu\n2;Liels paldies par ātro atbildi\n3;Kvalitāte ir ļoti slikta",
    ),
    (
        "et",
        "cp1257",
        "prose",
        "id;tekst\n1;Tellimus ei jõudnud kohale, palun raha tagasi\n2;Väga hea kvaliteet, aitäh šokolaadi eest\n3;Žanr on õige, kõik hästi",
    ),
    (
        "ru",
        "cp1251 koi8_r iso8859_5 cp866",
        "prose",
        "id;текст\n1;Где мой заказ? Жду уже неделю\n2;Качество очень плохое, верните деньги\n3;Спасибо за быстрый ответ",
    ),
    ("ru", "cp1251 koi8_r cp866", "names", "id;name\n1;Иван Петров\n2;Ольга Смирнова\n3;Сергей Жуков"),
    ("ru", "cp1251", "one", "id,text\n1,plain\n2,Привет\n3,plain"),
    (
        "uk",
        "cp1251 koi8_u",
        "prose",
        "id;текст\n1;Де моє замовлення? Чекаю вже тиждень, їхати далеко\n2;Якість дуже погана, поверніть гроші\n3;Дякую за швидку відповідь",
    ),
    (
        "bg",
        "cp1251",
        "prose",
        "id;текст\n1;Къде е моята поръчка? Чакам вече седмица\n2;Качеството е много лошо, върнете парите\n3;Благодаря за бързия отговор",
    ),
    (
        "sr",
        "cp1251",
        "prose",
        "id;текст\n1;Где је моја поруџбина? Чекам већ недељу дана\n2;Квалитет је веома лош, вратите новац\n3;Хвала на брзом одговору, љубазни сте",
    ),
    (
        "ru",
        "mac_cyrillic",
        "prose",
        "id;текст\n1;Где мой заказ? Жду уже неделю\n2;Качество очень плохое, верните деньги\n3;Спасибо за быстрый ответ",
    ),
    (
        "el",
        "cp1253 iso8859_7",
        "prose",
        "id;κείμενο\n1;Πού είναι η παραγγελία μου; Περιμένω μια εβδομάδα\n2;Η ποιότητα είναι πολύ κακή\n3;Ευχαριστώ για τη γρήγορη απάντηση",
    ),
    ("el", "cp1253", "names", "id;όνομα\n1;Γιώργος Παπαδόπουλος\n2;Ελένη Νικολάου\n3;Άννα Γεωργίου"),
    (
        "tr",
        "cp1254 iso8859_9",
        "prose",
        "id;metin\n1;Siparişim nerede? Bir haftadır bekliyorum, çok kötü\n2;Kalite düşük, paramı geri istiyorum ığdır\n3;Hızlı cevap için teşekkür ederim, sağ olun",
    ),
    ("tr", "cp1254", "names", "id;ad\n1;Ayşe Yılmaz\n2;Oğuz Şahin\n3;İbrahim Çağlar"),
    (
        "he",
        "cp1255 iso8859_8",
        "prose",
        "id;text\n1;איפה ההזמנה שלי? אני מחכה כבר שבוע\n2;האיכות גרועה מאוד, אני רוצה החזר\n3;תודה על התשובה המהירה",
    ),
    ("he", "cp1255", "names", "id;name\n1;יוסף כהן\n2;שרה לוי\n3;דוד מזרחי"),
    (
        "ar",
        "cp1256",
        "prose",
        "id;text\n1;أين طلبي؟ أنتظر منذ أسبوع\n2;الجودة سيئة جدا وأريد استرداد المال\n3;شكرا على الرد السريع",
    ),
    (
        "th",
        "cp874",
        "prose",
        "id;text\n1;สินค้าของฉันอยู่ที่ไหน รอมาหนึ่งสัปดาห์แล้ว\n2;คุณภาพแย่มาก ขอเงินคืน\n3;ขอบคุณสำหรับคำตอบที่รวดเร็ว",
    ),
    ("th", "cp874", "names", "id;name\n1;สมชาย ใจดี\n2;สมหญิง รักไทย\n3;วิชัย ทองคำ"),
    (
        "ja",
        "cp932 euc_jp",
        "prose",
        "id,text\n1,注文した商品がまだ届きません\n2,品質がとても悪いので返金してください\n3,早い返事をありがとうございます",
    ),
    ("ja", "cp932 euc_jp", "names", "id,name\n1,山田太郎\n2,鈴木一郎\n3,佐藤花子"),
    ("ja", "cp932", "one", "id,text\n1,plain\n2,東京\n3,plain"),
    (
        "ja",
        "iso2022_jp",
        "prose",
        "id,text\n1,注文した商品がまだ届きません\n2,品質がとても悪いので返金してください",
    ),
    (
        "zh",
        "gb18030",
        "prose",
        "id,text\n1,我的订单在哪里？我已经等了一个星期\n2,质量很差，请退款\n3,谢谢你们的快速回复",
    ),
    ("zh", "gb18030", "names", "id,name\n1,王小明\n2,李娜\n3,张伟"),
    (
        "zh",
        "big5",
        "prose",
        "id,text\n1,我的訂單在哪裡？我已經等了一個星期\n2,品質很差，請退款\n3,謝謝你們的快速回覆",
    ),
    ("zh", "big5", "names", "id,name\n1,王小明\n2,陳美玲\n3,林志偉"),
    (
        "ko",
        "cp949",
        "prose",
        "id,text\n1,주문한 상품이 아직 도착하지 않았습니다\n2,품질이 너무 나빠서 환불해 주세요\n3,빠른 답변 감사합니다",
    ),
    ("ko", "cp949", "names", "id,name\n1,김철수\n2,이영희\n3,박민수"),
)
MATRIX = [
    (language, encoding, kind, text.replace("\n", "\r\n") + "\r\n")
    for language, encodings, kind, text in _TEXTS
    for encoding in encodings.split()
]
"""Language, encoding, what the text is (prose, names, or plain text with one sign), and the text as a CSV."""


def read(path):
    with open_source(str(path), guess=True) as file:
        source = CsvSource(file)
        return source.reading, file.head()


@pytest.mark.slow
def test_nine_of_ten_files_of_the_matrix_are_read_right_and_every_other_is_a_guess_that_is_said(tmp_path):
    assert len(MATRIX) >= 60
    path, wrong, unsaid = tmp_path / "rows.csv", [], []
    for language, encoding, kind, text in MATRIX:
        path.write_bytes(text.encode(encoding))
        try:
            reading, read_text = read(path)
        except SourceError:  # two fit equally: asked
            wrong.append((language, encoding, kind))
            continue
        if read_text != text:
            wrong.append((language, encoding, kind, reading.encoding))
            if not reading.encoding_guessed or not reading.changed_words:
                unsaid.append((language, encoding, kind))
    assert len(wrong) * 10 <= len(MATRIX), wrong
    assert unsaid == []


@pytest.mark.parametrize(
    ("language", "kind", "text"), [(lang, kind, text) for lang, enc, kind, text in MATRIX if enc == "cp1252"]
)
def test_windows_1252_is_named_so(language, kind, text):
    found = guess_encoding(text.encode("cp1252"))
    assert found is not None
    assert (found.name, text.encode("cp1252").decode(found.name)) == ("cp1252", text)


def test_a_guess_is_said_with_up_to_five_words_in_both_spellings(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("id,text\n1,très tôt à Besançon près de Genève où ça gèle\n".encode("cp1252"))
    reading, _ = read(path)
    assert (reading.encoding, reading.encoding_guessed) == ("cp1252", True)
    assert 0 < len(reading.changed_words) <= 5
    assert reading.changed_words[0][0] == "très"
    assert reading.changed_words[0][1] != "très"
    (doubt,) = reading.doubts
    assert f"très (in {reading.other_encoding}: {reading.changed_words[0][1]})" in doubt.message


def test_where_two_fit_equally_and_neither_is_windows_1252_the_user_is_asked(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("id,text\n1,東京\n".encode("euc_jp"))
    with pytest.raises(SourceError, match=r"gb18030 and cp949 fit equally: .*Say --encoding E"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["id,text\n1,Zoë\n", "id,text\n1,日本語\n2,ทดสอบ\n", "a\n"])
def test_utf_16_is_found_without_a_byte_order_mark(tmp_path, encoding, text):
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode(encoding))
    reading, read_text = read(path)
    assert (reading.encoding, reading.encoding_guessed, read_text) == (encoding, False, text)


def test_a_damaged_row_is_no_utf_16():
    assert utf16_without_mark(b"a,b\n1,\x00\n2,x\n") is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_byte_order_mark_that_was_written_twice_is_no_part_of_the_first_column(tmp_path, encoding):
    path, mark = tmp_path / "rows.csv", "\ufeff"
    twice = mark if encoding != "utf-16-be" else mark * 2
    path.write_bytes((twice + "id,text\n1,ö\n").encode(encoding))
    assert read(path)[1] == "id,text\n1,ö\n"


def test_the_first_letter_beyond_ascii_may_stand_far_from_the_beginning(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"id,text\n" + b"1,plain\n" * 100_000 + "2,Grüße aus Köln\n".encode("cp1252"))
    assert read(path)[0].encoding == "cp1252"


def test_utf_8_with_one_damaged_letter_is_damaged_and_nothing_else(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("id,text\n1,für\n2,Café\n".encode() + b"3,na\xefve\n")
    with pytest.raises(SourceError, match=r"rows\.csv:4: 0xEF at byte offset 27 is not UTF-8"):
        read(path)


def test_a_guess_is_cheap_for_a_file_of_any_size(tmp_path):
    sample = "1;Zamówienie nie dotarło, proszę o zwrot pieniędzy\n".encode("cp1250") * 20_000
    assert guess_encoding(sample).name == "cp1250"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp855", "Авиация и первый полёт: как это было, и что дальше"),
        ("mac_cyrillic", "Новости: В Турции прошла Конференция о Погоде и Море"),
        ("iso8859_7", "Ο Άνεμος και η Άνοιξη: Άλλη μία ημέρα στο νησί, και όλα καλά"),
        ("iso8859_6", "أعلن اليوم عن افتتاح المدرسة الجديدة في المدينة القديمة"),
        ("johab", "한글로 쓴 설명서입니다. 프로그램을 실행하는 방법을 알려 드립니다"),
        ("iso2022_kr", "한글로 쓴 설명서입니다"),
        ("iso2022_jp", "東京の天気は晴れです"),
    ],
)
def test_encodings_of_old_systems_are_found(tmp_path, encoding, text):
    path = tmp_path / "rows.csv"
    path.write_bytes(f"{text}\n{text}\n".encode(encoding))
    assert read(path)[1] == f"{text}\n{text}\n"


def test_words_in_tags_are_words_of_their_own(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("<title>Debian България</title><body>Новини от Габрово</body>\n".encode("cp1251"))
    assert read(path)[0].encoding == "cp1251"


def test_a_letter_at_the_very_end_is_no_half_of_one_that_was_cut_off(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("a,b,c\n1,2,3\n4,5,©".encode("cp1252"))
    assert read(path)[1].endswith("©")


def test_an_apostrophe_of_an_old_macintosh_is_no_chinese(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_bytes("id,name\n1,Blanchard’s Travels\n".encode("mac_roman"))
    with pytest.raises(SourceError, match="mac_roman and cp850 fit equally: Blanchard’s"):
        read(path)


@pytest.mark.slow
def test_one_long_line_behind_a_short_one_is_looked_at(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"id,text\n" + "1,Республиканская газета ".encode("koi8_r") * 3_000)
    assert read(path)[0].encoding == "koi8_r"


@pytest.mark.slow
def test_an_encoding_that_cannot_read_the_lines_further_on_is_none(tmp_path):
    path = tmp_path / "rows.csv"
    # 0x98 is no character of cp1251, which the first lines alone would be read as.
    lines = ["все это новости и погода\n"] * 400 + ["Шахматы и Шашки\n"]
    path.write_bytes("".join(lines).encode("mac_cyrillic"))
    assert read(path)[1] == "".join(lines)


def test_a_long_line_without_a_blank_is_read_in_time_that_grows_with_it():
    guessed = guess_encoding(b"\xe8c;" + b"[]" * 100_000)  # by way of every start of a word it took hours
    assert guessed is not None
    assert guessed.name == "cp1252"
