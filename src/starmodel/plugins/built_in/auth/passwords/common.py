"""Passwords that are guessed first; those shorter than ten characters are refused anyway."""

from __future__ import annotations

_TEXTS = """
0987654321 1029384756 1122334455 112233445566 1231231231 123456789a 1234512345 1234567891
123456qwerty 12345qwert 12qwaszx34 147258369 147852369 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc
1qazxsw23edc 741852963 789456123 987654321 a123456789 abc123456789 abcd123456 abcd1234567
access administrator administrador admin admin123 adminadmin administrator1 asdfasdfasdf
asdfghjkl asdfghjkl; asdf1234 azertyuiop baseball basketball butterfly changeme changemenow
changethis charlie chocolate computer contraseña correcthorsebatterystaple default
defaultpassword    dragon einloggen f00tball football geheimnis guestguest helloworld hellohello
hunter iloveyou iloveyou1234 iloveyouforever ichliebedich internet jordan
letmein letmeinletmein letmeinnow liverpool loveyou manchester master masterkey michelle
microsoft monkey motdepasse mypassword mynameis newpassword nopassword notapassword p@ssw0rd
p@ssword pa$$word pa$$w0rd passpass passphrase passw0rd passwort password password1234567890
passwordpassword princess q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc qazwsxedcrfv qwer1234 qwerasdf
qwerasdfzxcv qwertyqwerty qwerty qwerty123456 qwertyuiop qwertyuiop[] qwertyuiopasdfghjkl
qwertzuiop rootroot root secret secretsecret senhasenha server starmodel starwars sunshine
superman superuser supersecret supervisor temporary temppassword testpassword testtest
testtesttest trustno1 user userpassword welcome welcomehome welcomewelcome whatever
yourpassword zaq12wsx zxcvbnm zxcvbnmasdf zxcvbnmzxcvbnm
"""
COMMON = frozenset(_TEXTS.split())
"""Case-folded, without spaces. A password of one of them and digits is refused too."""
