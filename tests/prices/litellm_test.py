#!/usr/bin/env python3
"""usage: litellm_test.py [GATEHOUSE]: the conversion of prices on entries of its own, read by the gateway where one is named."""
import decimal
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = pathlib.Path(__file__).with_name("litellm.json")
TOOL = ROOT / "tools" / "prices" / "from_litellm.py"
GATEHOUSE = sys.argv.pop() if len(sys.argv) > 1 else None

sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOL.parent))
from from_litellm import convert  # noqa: E402


def conversion(chosen=None):
    return convert(json.loads(SOURCE.read_text(), parse_float=decimal.Decimal), chosen)


class FromLiteLlm(unittest.TestCase):
    def setUp(self):
        self.conversion = conversion()
        catalogue = self.conversion.catalogue("2026-11-23", "test")
        self.providers = {provider["id"]: provider for provider in catalogue["providers"]}

    def prices(self, provider, model):
        return {one["id"]: one["prices"] for one in self.providers[provider]["models"]}[model]

    def test_figures_are_exact(self):
        self.assertEqual(self.prices("openai", "pilot-5"),
                         {"input_mtok": 1.25, "output_mtok": 10, "cache_read_mtok": 0.125, "web_searches_kcount": 25})
        self.assertEqual(self.prices("aws", "mate.v2"), {"input_mtok": 3, "output_mtok": 15, "cache_write_mtok": 3.75,
                                                         "cache_write_1h_mtok": 6, "cache_read_mtok": 0.3})
        self.assertEqual(self.prices("google", "sailor-lite"), {"input_mtok": 0.0375, "output_mtok": 0.15})

    def test_tiers(self):
        self.assertEqual(self.prices("google", "sailor-pro"),
                         {"input_mtok": {"base": 1.25, "tiers": [{"start": 200000, "price": 2.5}]},
                          "output_mtok": {"base": 10, "tiers": [{"start": 200000, "price": 15}]}, "input_audio_mtok": 0.7})

    def test_batches(self):
        self.assertEqual(self.providers["openai"]["batch"], 0.5)
        self.assertNotIn("batch", self.providers["aws"])

    def test_requests(self):
        self.assertEqual(self.prices("cohere", "cook-rerank"), {"requests_kcount": 2})

    def test_what_is_left_out_is_said(self):
        left_out = dict(self.conversion.left_out)
        self.assertEqual(set(left_out), {"openai/pilot-5", "pilot-image", "bedrock/us-east-1/mate.v2", "free-model"})
        self.assertIn("another price", left_out["openai/pilot-5"])
        self.assertIn("input_cost_per_pixel", left_out["pilot-image"])
        self.assertIn("region", left_out["bedrock/us-east-1/mate.v2"])
        self.assertEqual(dict(self.conversion.lost), {"input_cost_per_token_priority": ["pilot-5-priority"],
                                                      "input_cost_per_query": ["cook-rerank"]})
        said = io.StringIO()
        self.conversion.report(said)
        self.assertIn("not carried over: input_cost_per_token_priority of pilot-5-priority", said.getvalue())
        self.assertIn("6 models of 4 providers; 4 left out", said.getvalue())

    def test_chosen_providers(self):
        self.assertEqual(set(conversion(["aws"]).models), {"aws"})

    def run_tool(self, *options):
        return subprocess.run([sys.executable, str(TOOL), str(SOURCE), "--version", "v", *options], capture_output=True, text=True)

    def test_the_tool(self):
        done = self.run_tool()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["version"], "v")
        self.assertNotEqual(self.run_tool("--strict").returncode, 0)
        self.assertNotEqual(self.run_tool("--providers", "nobody").returncode, 0)

    @unittest.skipUnless(GATEHOUSE, "no program was named")
    def test_the_gateway_reads_it(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "prices.json").write_text(self.run_tool().stdout)
            (folder / "gatehouse.yaml").write_text(
                "version: 1\nproviders: [ { name: s, kind: simulated } ]\nmodels: [ { name: m, targets: [ { provider: s, model: x } ] } ]\n"
                f"prices: {{ catalogue: {folder}/prices.json }}\n")
            done = subprocess.run([GATEHOUSE, "check", "--config", str(folder / "gatehouse.yaml")], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
