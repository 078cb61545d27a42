#!/usr/bin/env python3
"""Makes a catalogue of prices from a file of the form of LiteLLM's model_prices_and_context_window.json.

usage: from_litellm.py SOURCE [--version DATE] [--providers openai,anthropic,...] > prices.json

The result is what `prices.catalogue` of the configuration names (docs/formats/prices.md). Figures are carried over
exactly: a price for a token becomes one for a million tokens. What has no place in a catalogue is said on standard
error: models that are left out, each with the reason, and figures of models that are kept. With --strict, a figure that
could not be carried over is a failure.
"""
import argparse
import collections
import datetime
import decimal
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from make_catalogue import write  # noqa: E402

# The source's name of a provider -> the catalogue's. Others keep their names.
PROVIDERS = {
    "azure_ai": "azure", "bedrock": "aws", "bedrock_converse": "aws", "cohere_chat": "cohere", "gemini": "google",
    "text-completion-openai": "openai", "xai": "x-ai",
}
VERTEX = re.compile(r"^vertex_ai(-|$)")
# figure for one token -> for a million of them
PER_TOKEN = {
    "input_cost_per_token": "input_mtok",
    "output_cost_per_token": "output_mtok",
    "cache_read_input_token_cost": "cache_read_mtok",
    "cache_creation_input_token_cost": "cache_write_mtok",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_mtok",
    "input_cost_per_audio_token": "input_audio_mtok",
    "output_cost_per_audio_token": "output_audio_mtok",
    "output_cost_per_reasoning_token": "output_reasoning_mtok",
}
TIERED = re.compile(r"^(?P<base>input_cost_per_token|output_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost)"
                    r"_above_(?P<thousands>\d+)k_tokens$")
PER_REQUEST = {"input_cost_per_request": "requests_kcount"}
BATCHES = {"input_cost_per_token_batches": "input_cost_per_token", "output_cost_per_token_batches": "output_cost_per_token"}
SEARCH = "search_context_cost_per_query"
COST = re.compile(r"cost|price")
REGION = re.compile(r"^(?:[a-z]{2}(?:-gov)?-[a-z]+-\d|\*|\d+-month-commitment|us-gov-[a-z]+-\d)$")
MILLION, THOUSAND = decimal.Decimal(10**6), decimal.Decimal(1000)


def number(value):
    """As JSON writes it, without a rounding of ours."""
    return int(value) if value == value.to_integral_value() else float(value)


def decimal_of(value):
    return value if isinstance(value, decimal.Decimal) else decimal.Decimal(value)


def provider_of(entry):
    name = entry.get("litellm_provider", "")
    return "google" if VERTEX.match(name) else PROVIDERS.get(name, name)


def model_of(name, entry):
    """The provider's own name of the model; None for a price of one region, which a request does not say."""
    parts = name.split("/")
    prefixes = {entry.get("litellm_provider", ""), "azure", "azure_ai", "bedrock", "gemini", "vertex_ai", "openai", "xai", "mistral",
                "deepseek", "groq", "cohere", "anthropic"}
    if len(parts) > 1 and parts[0] in prefixes:
        parts = parts[1:]
    if any(REGION.match(part) for part in parts[:-1]):
        return None
    return "/".join(parts)


def prices_of(entry):
    """The catalogue's prices, and the names of figures that have no place there."""
    prices, tiers, lost = {}, collections.defaultdict(dict), []
    for field, value in entry.items():
        if value is None or not COST.search(field):
            continue
        tier = TIERED.match(field)
        if field in PER_TOKEN:
            prices[PER_TOKEN[field]] = decimal_of(value) * MILLION
        elif tier:
            tiers[PER_TOKEN[tier["base"]]][int(tier["thousands"]) * 1000] = decimal_of(value) * MILLION
        elif field in PER_REQUEST:
            prices[PER_REQUEST[field]] = decimal_of(value) * THOUSAND
        elif field == SEARCH and isinstance(value, dict) and value:
            prices["web_searches_kcount"] = max(decimal_of(one) for one in value.values()) * THOUSAND
        elif field not in BATCHES and decimal_or_none(value) != 0:
            lost.append(field)
    said = {name: number(price) for name, price in prices.items()}
    for name, steps in tiers.items():
        if name in prices:
            said[name] = {"base": number(prices[name]),
                          "tiers": [{"start": start, "price": number(price)} for start, price in sorted(steps.items())]}
        else:
            lost.append(f"tiers of {name}")
    return said, lost


def decimal_or_none(value):
    return decimal_of(value) if isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool) else None


def batch_of(entry):
    """The shares of the usual price that a batch costs in this entry."""
    return {decimal_of(entry[batch]) / decimal_of(entry[usual]) for batch, usual in BATCHES.items()
            if entry.get(batch) and entry.get(usual)}


class Conversion:
    def __init__(self, chosen):
        self.chosen = chosen
        self.models = collections.defaultdict(dict)  # by provider: id -> prices
        self.batches = collections.defaultdict(collections.Counter)
        self.left_out, self.lost = [], collections.defaultdict(list)

    def add(self, name, entry):
        provider, model = provider_of(entry), model_of(name, entry)
        if self.chosen is not None and provider not in self.chosen:
            return
        if not provider:
            return self.left_out.append((name, "it names no provider"))
        if model is None:
            return self.left_out.append((name, "it is the price of one region or commitment"))
        prices, lost = prices_of(entry)
        if not any(price != 0 for price in prices.values()):
            why = f"it is priced by {', '.join(sorted(lost))}" if lost else "it has no price"
            return self.left_out.append((name, why))
        known = self.models[provider].get(model)
        if known is not None and known != prices:
            return self.left_out.append((name, f"{provider} has another price for {model} already"))
        self.models[provider][model] = prices
        for field in lost:
            self.lost[field].append(name)
        for share in batch_of(entry):
            self.batches[provider][share] += 1

    def catalogue(self, version, source):
        providers = []
        for provider, models in sorted(self.models.items()):
            said = {"id": provider}
            if len(self.batches[provider]) == 1:
                said["batch"] = number(next(iter(self.batches[provider])))
            elif self.batches[provider]:
                self.lost["prices of batches, which differ by model"].append(provider)
            said["models"] = [{"id": model, "match": {"equals": model}, "prices": prices} for model, prices in sorted(models.items())]
            providers.append(said)
        return {"version": version, "source": source, "providers": providers}

    def report(self, out):
        for name, why in self.left_out:
            print(f"left out: {name}: {why}", file=out)
        for field, names in sorted(self.lost.items()):
            print(f"not carried over: {field} of {', '.join(names)}", file=out)
        kept = sum(len(models) for models in self.models.values())
        print(f"{kept} models of {len(self.models)} providers; {len(self.left_out)} left out", file=out)


def convert(source, chosen=None):
    conversion = Conversion(chosen)
    for name, entry in source.items():
        if name != "sample_spec" and isinstance(entry, dict):
            conversion.add(name, entry)
    return conversion


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--version", default=datetime.date.today().isoformat())
    parser.add_argument("--providers", help="of the catalogue, by commas; without it, all")
    parser.add_argument("--strict", action="store_true", help="fail when a figure of a model that is kept has no place")
    options = parser.parse_args()
    source = json.loads(options.source.read_text(), parse_float=decimal.Decimal)
    if not isinstance(source, dict):
        sys.exit("the source must be an object of models")
    conversion = convert(source, options.providers.split(",") if options.providers else None)
    catalogue = conversion.catalogue(options.version, f"made of {options.source.name}")
    conversion.report(sys.stderr)
    if not catalogue["providers"]:
        sys.exit("the source has no model with a price that applies")
    if options.strict and conversion.lost:
        sys.exit("figures could not be carried over")
    write(catalogue, sys.stdout)


if __name__ == "__main__":
    main()
