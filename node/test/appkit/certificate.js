// A self-signed certificate for another host than the one that shows it, for the test that it is refused. Its key secures
// nothing.

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRrDiGiuywtID+xav
dwyXzUD7P3CUU242Z91svJnzaruhRANCAAQKOnziak+C4RdOttBK5nNfBTBxVQfW
wxPx7BrMpEaHqWLcMlRoeg9w470VYbWpjrFeXPzVe7s9tMCSjXkR5rwV
-----END PRIVATE KEY-----
`;

export const cert = `-----BEGIN CERTIFICATE-----
MIIBqDCCAU2gAwIBAgIURaJJ64hHGzfOu6QJWMVkfOHoZhAwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPYW5vdGhlci5leGFtcGxlMCAXDTI2MTEyNTE3MDYzMloYDzIx
MjYxMTAxMTcwNjMyWjAaMRgwFgYDVQQDDA9hbm90aGVyLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQKOnziak+C4RdOttBK5nNfBTBxVQfWwxPx7BrM
pEaHqWLcMlRoeg9w470VYbWpjrFeXPzVe7s9tMCSjXkR5rwVo28wbTAdBgNVHQ4E
FgQUDw/+mBRrAMKGNmrb2iMC14c8GN4wHwYDVR0jBBgwFoAUDw/+mBRrAMKGNmrb
2iMC14c8GN4wDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgg9hbm90aGVyLmV4
YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIhAIxwndvUmxgWNs4MJUf/Cg9xxBuUNj50
Cw2FgKikPhLQAiEA8hgfBGYgXAft+ogMIKDEf5osQUEL9Wos6pn37fFN4e8=
-----END CERTIFICATE-----
`;
