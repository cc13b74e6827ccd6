"""What is masked before it is kept, and what is not."""

from __future__ import annotations

import pytest

from lineal.workspace.tracking.secrets import is_secret, mask, mask_arguments


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password = 'hunter2'", "password = '***'"),
        ('DB_PASSWORD: str = "a\\"b"', 'DB_PASSWORD: str = "***"'),
        ("connect(token='abc', n=1)", "connect(token='***', n=1)"),
        ("{'api_key': 'abc'}", "{'api_key': '***'}"),
        ("os.environ['HF_TOKEN'] = 'abc'", "os.environ['HF_TOKEN'] = '***'"),
        ("'postgresql://me:pw@host/db'", "'postgresql://me:***@host/db'"),
        ('{"password": 1234}', '{"password": ***}'),
        ("password: hunter2", "password: ***"),
        ("  - db_password: my secret", "  - db_password: ***"),
        ("a\n+password: hunter2\n-token = abc\n b", "a\n+password: ***\n-token = ***\n b"),
        ("API_KEY=a&b c\nexport TOKEN=x", "API_KEY=***\nexport TOKEN=***"),
        ("sh -c 'true; echo password=hunter2'", "sh -c 'true; echo password=***'"),
        ("print(f'token=abc123secret')", "print(f'token=***')"),
        ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": \\"***\\"}'),
        ("curl --token abc https://host", "curl --token *** https://host"),
        ("ValueError: wrong password: hunter2, sorry", "ValueError: wrong password: ***, sorry"),
        ("https://host/?token=abc&page=1", "https://host/?token=***&page=1"),
        ("x = 'ghp_" + "a" * 36 + "'", "x = '***'"),
        ("AKIA" + "A" * 16, "***"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer ***"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----",
        ),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens = 'many'",
        "tokenizer = 'bert'",
        "monkey = 'george'",
        "password = read()",
        "if token == 'x': pass",
        "https://host/path?a=1",
        "def login(user: User, token: str, password: str | None = None) -> None:",
        "    token: str",
        "connect(password=password, token=read())",
        "password = os.environ['DB']",
        "password: ${DB_PASSWORD}",
        "f'password={secret}'",
        "the token: a word",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert mask(text) == text


def test_arguments_are_masked_by_their_option() -> None:
    given = ["-v", "--token", "abc", "--api-key=x", "PASSWORD=y", "--tokens", "9", "--depth", "6"]
    assert mask_arguments(given) == [
        *("-v", "--token", "***", "--api-key=***", "PASSWORD=***", "--tokens", "9", "--depth", "6")
    ]


@pytest.mark.parametrize("name", ["apiKey", "AWS_SECRET_ACCESS_KEY", "--db-password", "token"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "x-" * 200_000,
        "x=" * 200_000,
        "--x " * 100_000,
        "x: " * 50_000,
        "a = '" * 50_000,
        "https://" * 50_000,
        "-----BEGIN PRIVATE KEY-----" * 2_000,
    ],
)
@pytest.mark.timeout(20)
def test_long_text_takes_no_longer_than_it_is(text: str) -> None:
    assert mask(text) == text
