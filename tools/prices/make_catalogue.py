#!/usr/bin/env python3
"""Makes the catalogue of prices that the gateway reads from a file of public price data.

usage: make_catalogue.py SOURCE [--version DATE] [--providers openai,anthropic,...] > prices.json

SOURCE is data.json of genai-prices (github.com/pydantic/genai-prices, MIT), or dist/index.js of its npm package, which
has the same inside: `npm pack @pydantic/genai-prices && tar xzf pydantic-genai-prices-*.tgz` (needs node).

What the gateway has no use for is left out: descriptions, context windows, how usage is extracted, models without any
price for tokens or calls. Look-ahead, which the gateway's regular expressions do not have, becomes a `not`. Says on
standard error what was left out. One line for a model, so that a difference between two catalogues can be read.
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys

MAINSTREAM = ["openai", "anthropic", "google", "aws", "azure", "mistral", "deepseek", "cohere", "groq", "x-ai"]
# Published: half the price for what may take a day (OpenAI, Anthropic, Google, Mistral, Azure: batch).
BATCH = {"openai": 0.5, "anthropic": 0.5, "google": 0.5, "mistral": 0.5, "azure": 0.5}
PRICES = {
    "input_mtok", "input_image_mtok", "input_video_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_30m_mtok",
    "cache_write_1h_mtok", "cache_write_12h_mtok", "input_audio_mtok", "tool_input_mtok", "output_mtok",
    "output_image_mtok", "output_video_mtok", "output_reasoning_mtok", "output_audio_mtok", "requests_kcount",
    "web_searches_kcount", "storage_searches_kcount", "tool_calls_kcount",
}
NEGATIVE_LOOKAHEAD = re.compile(r"^\^\(\?!\.\*(?P<inner>(?:[^()]|\([^()]*\))*)\)$")


def read_source(path):
    if path.suffix == ".json":
        return json.loads(path.read_text())
    # The package has the data as a constant of its module, which it does not export.
    script = """
      const fs = require('fs');
      const text = fs.readFileSync(process.argv[1], 'utf8');
      const found = text.match(/^(?:const|let|var) \\w+ = (\\[\\s*\\{\\s*id: [\\s\\S]*?^\\])/m);
      if (!found) throw new Error('no price data in ' + process.argv[1]);
      process.stdout.write(JSON.stringify(Function('return ' + found[1])()));
    """
    done = subprocess.run(["node", "-e", script, str(path)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def portable(match):
    """The same comparison without look-ahead."""
    (kind, operand), = match.items()
    if kind in ("or", "and"):
        return {kind: [portable(part) for part in operand]}
    if kind != "regex" or "(?" not in operand.replace("(?:", ""):
        return match
    found = NEGATIVE_LOOKAHEAD.match(operand)
    if not found:
        raise ValueError(f"cannot say {operand!r} without look-ahead")
    return {"not": {"regex": found["inner"]}}


def supported(prices):
    """The prices of kinds that usage has; None for none."""
    kept = {name: value for name, value in prices.items() if name in PRICES and value is not None}
    return kept or None


def reduce_model(model):
    prices = model["prices"]
    if isinstance(prices, list):
        dated = []
        for one in prices:
            kept = supported(one["prices"])
            if not kept:
                return None
            dated.append({**({"constraint": one["constraint"]} if one.get("constraint") else {}), "prices": kept})
        reduced = dated
    else:
        reduced = supported(prices)
    return reduced and {"id": model["id"], "match": portable(model["match"]), "prices": reduced}


def reduce_provider(provider, chosen):
    models, left_out = [], []
    for model in provider["models"]:
        kept = None if model.get("deprecated") else reduce_model(model)
        if kept:
            models.append(kept)
        else:
            left_out.append(model["id"])
    reduced = {"id": provider["id"]}
    fallback = [other for other in provider.get("fallback_model_providers") or [] if other in chosen]
    if fallback:
        reduced["fallback_model_providers"] = fallback
    if provider["id"] in BATCH:
        reduced["batch"] = BATCH[provider["id"]]
    return {**reduced, "models": models}, left_out


def write(catalogue, out):
    compact = {"ensure_ascii": False, "separators": (", ", ": ")}
    out.write("{\n")
    for name in ("version", "source"):
        out.write(f' "{name}": {json.dumps(catalogue[name], **compact)},\n')
    out.write(' "providers": [\n')
    for number, provider in enumerate(catalogue["providers"]):
        head = json.dumps({k: v for k, v in provider.items() if k != "models"}, **compact)
        out.write(f'  {head[:-1]}, "models": [\n')
        lines = [json.dumps(model, **compact) for model in provider["models"]]
        out.write(",\n".join(f"   {line}" for line in lines))
        out.write("\n  ]}" + ("," if number + 1 < len(catalogue["providers"]) else "") + "\n")
    out.write(" ]\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--version", default=datetime.date.today().isoformat())
    parser.add_argument("--providers", default=",".join(MAINSTREAM), help="`all` for every one in the source")
    parser.add_argument("--source-name", default="genai-prices (MIT)", help="what the catalogue says it was made of")
    options = parser.parse_args()
    source = read_source(options.source)
    known = [provider["id"] for provider in source]
    chosen = known if options.providers == "all" else options.providers.split(",")
    missing = set(chosen) - set(known)
    if missing:
        sys.exit(f"the source has no provider {', '.join(sorted(missing))}")
    providers = []
    for provider in source:
        if provider["id"] not in chosen:
            continue
        reduced, left_out = reduce_provider(provider, chosen)
        if reduced["models"]:
            providers.append(reduced)
        print(f"{provider['id']}: {len(reduced['models'])} models"
              + (f"; without prices that apply: {', '.join(left_out)}" if left_out else ""), file=sys.stderr)
    write({"version": options.version, "source": options.source_name, "providers": providers}, sys.stdout)


if __name__ == "__main__":
    main()
