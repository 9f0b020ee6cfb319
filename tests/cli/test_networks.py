"""Company networks: through a proxy, with an authority of one's own, and a gateway on plain http."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import pytest
import trustme

from networks import Proxy, TlsFront

HOST = "api.company.test"
"""No name server knows it: only a proxy leads there."""


@pytest.fixture(scope="module")
def authority():
    """A certificate authority of a company."""
    return trustme.CA()


@pytest.fixture
def front(simulator, authority):
    """The simulator by https, for HOST and for this machine."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST, "localhost", "127.0.0.1").configure_cert(context)
    with TlsFront(simulator, context) as served:
        yield served


@pytest.fixture
def proxy(front):
    with Proxy(front.port) as served:
        yield served


@pytest.fixture
def company(monkeypatch, authority, proxy, tmp_path):
    """The environment of a machine in such a network."""
    certificates = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(certificates))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    monkeypatch.setenv("HTTPS_PROXY", proxy.address)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"https://{HOST}")
    return monkeypatch


@pytest.mark.slow
def test_a_batch_is_sent_watched_and_downloaded_through_a_proxy_with_a_private_authority(
    cbtui, company, proxy, simulator, requests_file, tmp_path
):
    code, out, err = cbtui("submit", requests_file(), "--yes")
    assert code == 0, err
    batch_id = out.strip()
    assert cbtui("watch", batch_id, "--interval", "1", "--timeout", "60")[0] == 0
    assert cbtui("results", batch_id, "-o", tmp_path / "answers.jsonl")[0] == 0
    assert (tmp_path / "answers.jsonl").read_bytes().count(b"\n") == 3
    assert cbtui("check", requests_file(), "--count")[0] == 0
    assert cbtui("doctor")[0] == 0
    assert cbtui("try", requests_file(), "--yes")[0] == 0
    assert set(proxy.asked) == {f"CONNECT {HOST}:443 HTTP/1.1"}
    assert len(simulator.log.creates) == 1


def test_what_no_proxy_names_is_reached_without_one(cbtui, company, proxy, front, simulator):
    simulator.batches.add(3)
    company.setenv("NO_PROXY", "elsewhere.test,localhost")
    code, out, _ = cbtui("list", "--base-url", f"https://localhost:{front.port}")
    assert (code, "msgbatch_" in out) == (0, True)
    assert proxy.asked == []


def test_a_certificate_nobody_vouches_for_is_said_at_once_and_nothing_is_sent(
    cbtui, company, simulator, requests_file, slept, own_folders
):
    company.delenv("SSL_CERT_FILE")
    for line in (("list",), ("submit", requests_file(), "--yes")):
        code, out, err = cbtui(*line)
        assert (code, out) == (3, "")
        assert "its certificate is not trusted (unable to get local issuer certificate)" in err
        assert "set SSL_CERT_FILE to the file of its certificates" in err
    assert slept.slept == []
    assert len(simulator.log) == 0
    assert list((own_folders / "data" / "spool").glob("*")) == []


def test_a_certificate_for_another_host_is_said(cbtui, company):
    code, _, err = cbtui("list", "--base-url", "https://other.company.test")
    assert code == 3
    assert "its certificate is not trusted (Hostname mismatch" in err


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
            "407 Proxy Auth",
        ),
        (b"HTTP/1.1 403 Forbidden by policy\r\n\r\n", "403 Forbidden by policy"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "502 Bad Gateway"),
        (b"", "through the proxy"),
    ],
)
def test_a_proxy_that_refuses_is_named_and_nothing_is_unknown(
    cbtui, company, front, simulator, requests_file, refusal, told
):
    with Proxy(9, refusal) as refusing:
        company.setenv("HTTPS_PROXY", f"http://me:CANARY-password@127.0.0.1:{refusing.port}")
        for line in (("list",), ("submit", requests_file(), "--yes"), ("doctor",)):
            code, out, err = cbtui(*line)
            assert code == 3, err
            assert told in out + err
            assert f"through the proxy 127.0.0.1:{refusing.port}" in out + err
            assert "CANARY" not in out + err
        assert "Proxy-Authorization: Basic " in refusing.headers[0]
    assert len(simulator.log) == 0


def test_the_password_of_a_proxy_is_used(cbtui, company, proxy):
    company.setenv("HTTPS_PROXY", proxy.address.replace("://", "://me:password@"))
    assert cbtui("list")[0] == 0
    assert "Proxy-Authorization: Basic bWU6cGFzc3dvcmQ=" in proxy.headers[0]


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        (
            "SSL_CERT_FILE",
            "/no/such/file.pem",
            "SSL_CERT_FILE (/no/such/file.pem) cannot be read: No such file",
        ),
        ("SSL_CERT_FILE", "/etc/passwd", "SSL_CERT_FILE (/etc/passwd) cannot be read: no certificate"),
        (
            "HTTPS_PROXY",
            "socks5://127.0.0.1:9",
            "HTTPS_PROXY) cannot be used: use one of http:// or https://",
        ),
        ("HTTPS_PROXY", "odd://127.0.0.1:9", "HTTPS_PROXY) cannot be used: Unknown scheme for proxy URL"),
        ("HTTPS_PROXY", "http://127.0.0.1:port", "HTTPS_PROXY) cannot be used: Invalid port"),
    ],
)
def test_what_the_environment_says_wrongly_is_named(cbtui, company, requests_file, variable, value, told):
    company.setenv(variable, value)
    for line in (("list",), ("submit", requests_file(), "--yes")):
        code, out, err = cbtui(*line)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert told in err
    assert told in cbtui("doctor")[1]


@pytest.fixture
def gateway(simulator, monkeypatch):
    """The simulator on plain http under a name of a private network."""
    with Proxy(urlsplit(simulator.base_url).port) as served:
        monkeypatch.setenv("HTTP_PROXY", served.address)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://gateway.company.test:8080/")
        yield served


def test_a_gateway_on_plain_http_is_refused_with_the_setting_that_allows_it(cbtui, gateway, requests_file):
    for line in (("list",), ("submit", requests_file(), "--yes")):
        code, _, err = cbtui(*line)
        assert code == 2
        assert 'set allow_http = "gateway.company.test" in config.toml' in err
    assert gateway.asked == []


@pytest.mark.parametrize("hosts", ["gateway.company.test", "10.0.0.5, Gateway.Company.test"])
def test_a_gateway_that_the_settings_name_is_used_for_everything(
    cbtui, gateway, own_folders, requests_file, tmp_path, hosts
):
    (own_folders / "config").mkdir()
    (own_folders / "config" / "config.toml").write_text(f'allow_http = "{hosts}"\n')
    code, out, err = cbtui("submit", requests_file(), "--yes")
    assert code == 0, err
    assert cbtui("watch", out.strip(), "--interval", "1", "--timeout", "60")[0] == 0
    assert cbtui("results", out.strip(), "-o", tmp_path / "answers.jsonl")[0] == 0
    assert gateway.asked[0].startswith("GET http://gateway.company.test:8080/v1/m")


def test_allow_http_holds_for_the_hosts_it_names_alone(cbtui, gateway, monkeypatch):
    for hosts in ("company.test", "other.company.test", "gateway.company.test.evil.test"):
        monkeypatch.setenv("CBTUI_ALLOW_HTTP", hosts)
        assert cbtui("list")[0] == 2
    for hosts in ("http://gateway.company.test", "*"):
        monkeypatch.setenv("CBTUI_ALLOW_HTTP", hosts)
        code, _, err = cbtui("list")
        assert (code, "CBTUI_ALLOW_HTTP: allow_http names hosts" in err) == (2, True)
    assert gateway.asked == []
