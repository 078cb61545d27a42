#!/usr/bin/env python3
"""Plants one breach of each rule in a small clean tree and expects the checks to name it, and nothing else."""
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import check_architecture  # noqa: E402
import check_project_text  # noqa: E402

CLEAN = {
    "src/base/result.h": "#pragma once\nnamespace gatehouse::base {\nclass Result {\n public:\n"
                         "  explicit operator bool() const;\n  bool ok() const;\n};\n}\n",
    "src/base/clock.cc": "auto Now() { return std::chrono::steady_clock::now(); }\n",
    "src/codec/json/document.cc": '#include <simdjson.h>\n#include "base/result.h"\n',
    "src/codec/json/writer.h": "#pragma once\nclass Writer {\n  Writer& Bool(bool value);  // bool-ok: the JSON value\n"
                               "  Writer& Field(std::same_as<bool> auto value);\n  std::map<int, bool> seen;\n"
                               "  std::tuple<int, bool, int> t;\n  Status Read(int x, bool& out);\n  bool flag = false;\n"
                               "  void F() { if (bool found = Find(); found) G(static_cast<bool>(1)); }\n};\n",
    "src/codec/http2/session.cc": "#include <nghttp2/nghttp2.h>\n",
    "src/net/epoll_loop.cc": '#include <sys/epoll.h>\n#include "net/tls/context.h"\n',
    "src/net/stream.h": "#pragma once\n// A bool parameter, a Manager, std::regex and dynamic_cast are only words here.\n",
    "src/net/tls/context.h": '#pragma once\n#include <openssl/ssl.h>\n#include "net/stream.h"\n',
    "src/pipeline/stage.cc": '#include "llm/chat.h"\nconst char* kText = "dynamic_cast<X>(sleep(1)) TODO";\n'
                             "void F() {\n  auto sum = [total](int x) { return total + x; };\n"
                             "  auto task = [](int x) -> Task<int> { co_return x; };\n"
                             "  auto outer = [&] { return [](int x) -> Task<int> { co_return x; }(1); };\n"
                             "  table[i](x);\n}\n",
    "src/features/budget/stage.cc": '#include "features/common/tree.h"\n#include "features/budget/stage.h"\n'
                                    '#include "store/database.h"\n// TODO(perf): one lookup less\n',
    "src/app/main.cc": '#include "features/budget/stage.h"\n#include "providers/openai/provider.h"\n',
    "tests/scenario/runner.cc": "int main() { return 0; }\n",
}

# (rule, file, its text); each is added to the clean tree on its own.
BREACHES = [
    ("row", "src/widgets/a.cc", "\n"),
    ("layer", "src/base/up.cc", '#include "codec/json/writer.h"\n'),
    ("layer", "src/pipeline/up.cc", '#include "app/config.h"\n'),
    ("layer", "src/ingress/chat/up.cc", '#include "features/budget/stage.h"\n'),
    ("sibling", "src/features/cache/x.cc", '#include "features/budget/stage.h"\n'),
    ("sibling", "src/providers/openai/x.cc", '#include "providers/anthropic/provider.h"\n'),
    ("home", "src/llm/x.cc", "#include <simdjson.h>\n"),
    ("home", "src/app/x.cc", "#include <yaml.h>\n"),
    ("home", "src/http/x.cc", "#include <openssl/ssl.h>\n"),
    ("home", "src/http/y.cc", "#include <sys/epoll.h>\n"),
    ("home", "src/net/x.cc", "#include <ares.h>\n"),
    ("home", "src/http/z.cc", "#include <nghttp2/nghttp2.h>\n"),
    ("home", "src/features/budget/x.cc", "#include <sqlite3.h>\n"),
    ("home", "src/features/identity/x.cc", "#include <ldap.h>\n"),
    ("home", "tests/scenario/x.cc", "#include <openssl/ssl.h>\n"),
    ("absent", "src/base/x.cc", "#include <format>\n"),
    ("absent", "src/base/y.cc", "#include <generator>\n"),
    ("size", "src/http/big.h", "//\n" * 251),
    ("size", "src/http/big.cc", "//\n" * 601),
    ("size", "src/http/big_test.cc", "//\n" * 601),
    ("regex", "src/http/x.cc", "std::regex pattern;\n"),
    ("clock", "src/http/x.cc", "auto t = std::chrono::steady_clock::now();\n"),
    ("clock", "src/http/x_test.cc", "auto t = std::chrono::system_clock::now();\n"),
    ("dynamic_cast", "src/http/x.cc", "auto* p = dynamic_cast<X*>(y);\n"),
    ("iostream", "src/http/x.cc", "#include <iostream>\n"),
    ("sleep", "src/http/x_test.cc", "std::this_thread::sleep_for(1ms);\n"),
    ("sleep", "tests/scenario/y.cc", "int x = ::sleep(1);\n"),
    ("catch", "src/features/budget/x.cc", "try { F(); } catch (...) {}\n"),
    ("todo", "src/http/x.cc", "// TODO make it faster\n"),
    ("nolint", "src/http/x.cc", "int x;  // NOLINT\n"),
    ("vague", "src/http/x.cc", "class ConnectionManager {};\n"),
    ("vague", "src/http/y.cc", "struct PathUtil;\n"),
    ("vague", "src/http/header_helper.cc", "\n"),
    ("bool", "src/http/x.h", "void Send(int x, bool urgent);\n"),
    ("bool", "src/http/y.h", "void Send(bool);\n"),
    ("bool", "src/http/z.h", "class X {\n  explicit X(std::map<int, int> m,\n    const bool urgent = false);\n};\n"),
    ("lambda", "src/http/x.cc", "auto f = [x]() -> Task<int> { co_return x; };\n"),
    ("lambda", "src/http/y.cc", "auto f = [&, this](int y) mutable {\n  if (y) { co_await Z(); }\n};\n"),
    ("cycle", "src/codec/json/loop.h", '#include "codec/sse/sse.h"\n'),
    ("cycle", "src/codec/http2/loop.h", '#include "codec/sse/round.h"\n'),
]
# What the cycle breaches close; harmless alone.
BACK = {"src/codec/sse/sse.h": '#include "codec/json/writer.h"\n', "src/codec/sse/round.h": '#include "codec/http2/x.h"\n'}

# (rule, file, text) for check_project_text; assembled here so that this file passes the check itself.
TEXT_BREACHES = [
    ("path", "README.md", "see /wo" "rk/tree\n"),
    ("path", "docs/a.md", "run /ho" "me/someone/x\n"),
    ("path", "docs/b.md", "in (/ro" "ot/x)\n"),
    ("registry", "docs/c.md", "from https:/" "/registry.example.org/x\n"),
    ("registry", "scripts/x", "deb http:/" "/deb.debia" "n.org/debian\n"),
    ("lock", "tests/sdk/package-lock.json", '{"resol' 'ved": "https://host.example/x.tgz"}\n'),
]
TEXT_CLEAN = {"README.md": "https://example.com/wo" "rk/a and ./home/x and $HOME/y\n",
              "package-lock.json": '{"integrity": "sha512-x"}\n'}


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Planted(unittest.TestCase):
    def faults(self, check, *trees):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for tree in trees:
                write(root, tree)
            return check(root)

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.faults(check_architecture.check, CLEAN, BACK), [])

    def test_each_planted_breach_is_named_and_nothing_else(self):
        for rule, name, text in BREACHES:
            with self.subTest(rule=rule, file=name):
                found = self.faults(check_architecture.check, CLEAN, BACK, {name: text})
                self.assertEqual(len(found), 1, found)
                self.assertIn(f": {rule}: ", found[0])

    def test_every_rule_has_a_planted_breach(self):
        rules = {"row", "layer", "sibling", "home", "absent", "size", "vague", "bool", "lambda", "cycle"}
        rules |= set(check_architecture.BANNED) | set(check_architecture.BANNED_COMMENTS)
        self.assertEqual(rules, {rule for rule, _, _ in BREACHES})

    def test_project_text(self):
        self.assertEqual(self.faults(check_project_text.check, TEXT_CLEAN), [])
        for rule, name, text in TEXT_BREACHES:
            with self.subTest(rule=rule, file=name):
                found = self.faults(check_project_text.check, TEXT_CLEAN, {name: text})
                self.assertEqual(len(found), 1, found)
                self.assertIn(f": {rule}: ", found[0])


if __name__ == "__main__":
    unittest.main()
