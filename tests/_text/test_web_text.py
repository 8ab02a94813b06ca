"""HTML, addresses and emoticons in texts."""

import pytest

from seqsent._text.analysis import make_analyzer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it&#39;s it&#x27;s it&rsquo;s", "it's it's it's"),
        ("&Eacute;t&eacute;&nbsp;caf&#233;", "été café"),
        ("Tom &amp; Jerry&quot;s &amp;amp;eacute;", "tom jerry s é"),
        ("good&not bad; AT&T; R&D", "good not bad at t r d"),
        ("&unknown; &#0; &#xD800; &#99999999;", "unknown 99999999"),
    ],
)
def test_html_entities_are_decoded(text, expected):
    assert make_analyzer()(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good<br /><br/>bad<br>", "good bad"),
        ("<P>good</P><h1 class='a b'>film</h1 >", "good film"),
        ('<a href="http://x.org?a=b">good</a>', "good"),
        ("&lt;b&gt;good&lt;/b&gt;", "good"),
        ("1 < 2, a <b and c> d, <a b", "1 2 a b and c d a b"),
    ],
)
def test_html_tags_are_removed(text, expected):
    assert make_analyzer()(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://t.co/aB?c=d:) now", "see 🔗 now"),
        ("http://a.org https://b.org/c?d.", "🔗 🔗"),
        ('"http://a.org", <http://b.org>', "🔗 🔗"),
        ("网址http://a.cn很好", "网 址 🔗 很 好"),
        ("a://b www.c http: https://", "a b www c http https"),
    ],
)
def test_address_is_one_token(text, expected):
    assert make_analyzer()(text) == expected.split()


def test_names_and_hashtags_keep_their_words():
    assert make_analyzer()("@John_Doe: #NoFun #لا_شيء") == ["john", "doe", "nofun", "لا", "شيء"]


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        (":) :-) =) :)) :^)", "🙂"),
        (":( :-( =( :(( :'(", "🙁"),
        (";) ;-)", "😉"),
        (":D :d ;D =D :-D", "😀"),
        (":P :p ;-p =P", "😛"),
        (":/ :-/ =\\ :\\", "😕"),
        (":o :-O", "😮"),
        (":* :-*", "😘"),
        (":| :-|", "😐"),
        ("^^ ^_^ ^.^ ^o^", "😊"),
        ("<3 <333 &lt;3", "❤"),
        ("</3", "💔"),
    ],
)
def test_emoticons_are_read_as_emoji(text, emoji):
    assert make_analyzer()(text) == [emoji] * len(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good:) bad:(", "good 🙂 bad 🙁"),
        ("(foo): bar, x:(see y) a=(b)", "foo bar x see y a b"),
        ("at 10:30, 8) 3:d T:D :dog a:/b c:\\d **x:**", "at 10 30 8 3 d t d dog a b c d x"),
        ("x^2 1 <30", "x 2 1 30"),
    ],
)
def test_other_signs_are_no_emoticons(text, expected):
    assert make_analyzer()(text) == expected.split()


@pytest.mark.parametrize("analyzer", ["keras", "char"])
def test_markup_is_kept_by_other_analyzers(analyzer):
    tokens = make_analyzer(analyzer)("a<br />&amp;")
    assert tokens == {"keras": ["a", "br", "amp"], "char": list("a br amp")}[analyzer]
