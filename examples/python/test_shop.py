"""The ordinary life of the shop. What can go wrong is in docs/testing.md."""

from __future__ import annotations


def test_alice_signs_in(idp, shop, sign_in):
    assert sign_in("alice").text == "Hello, alice@contoso.test"
    assert shop.get("/me").text == "alice@contoso.test"
    idp.assert_requested("oidc", "token", times=1)


def test_nobody_signs_in_with_the_login_of_somebody_else(idp, shop):
    shop.get("/login")

    assert shop.get(idp.login("oidc", "alice", client="shop").callback_url).status_code == 400
    idp.assert_requested("oidc", "token", times=0)


def test_the_shop_is_a_good_client(idp, sign_in):
    sign_in("alice")

    idp.assert_passed("shop")
