#include "inspect/pii/validators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "inspect/pii/keccak.h"

namespace gatehouse::inspect::pii {
namespace {

bool Holds(std::string_view name, std::string_view number) {
  const auto found = std::ranges::find(Validators(), name, &Validator::name);
  EXPECT_NE(found, Validators().end()) << name;
  return found != Validators().end() && found->holds(number);
}

struct Example {
  std::string_view name;
  std::vector<std::string_view> valid;
  std::vector<std::string_view> invalid;
};

// Published examples of each kind, and near misses.
const std::vector<Example>& Examples() {
  static const std::vector<Example> kExamples = {
      {"card",
       {"4111111111111111", "378282246310005", "5555555555554444", "6011111111111117", "30569309025904",
        "3530111333300000", "4222222222222"},
       {"4111111111111112", "1234567812345670", "0000000000000000", "411111111111", "5105105105105100123456"}},
      {"iban",
       {"GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947", "FR1420041010050500013M02606"},
       {"GB82WEST12345698765433", "GB82WES112345698765432", "ZZ82WEST12345698765432", "DE8937040044053201300"}},
      {"bic", {"AGRIFRPP882", "DEUTDEFF"}, {"AGRIFRPP88", "AGRIZZPP882", "AGR1FRPP"}},
      {"isin", {"US0378331005", "DE000BAY0017"}, {"US0378331006", "ZZ0378331005"}},
      {"aba", {"021000021", "322271627"}, {"021000022", "521000021", "990000000"}},
      {"vin", {"1M8GDM9AXKP042788", "11111111111111111"}, {"1M8GDM9A1KP042788", "IM8GDM9AXKP042788"}},
      {"imei", {"357805023984942"}, {"357805023984943", "35780502398494"}},
      {"imsi", {"429011234567890"}, {"003011234567890"}},
      {"bitcoin",
       {"1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"},
       {"1NEDqZPvTWRaoho48qXuLLsrYomMXPABfE", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        // Bech32 where BIP 350 wants bech32m, and the other way round.
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
        "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq54well"}},
      {"ethereum",
       {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"},
       {"0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x0000000000000000000000000000000000000000",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae"}},
      {"us-ssn",
       {"536904399"},
       {"000904399", "666904399", "936904399", "536004399", "536900000", "078051120", "123456789"}},
      {"us-itin", {"912903456"}, {"912893456", "812903456", "912933456"}},
      {"us-atin", {"912933456"}, {"912903456"}},
      {"us-ein", {"911144442", "123456789"}, {"071144442", "000000000"}},
      {"us-npi", {"1234567893"}, {"1234567894", "3234567893"}},
      {"us-dea", {"AB1234563"}, {"AB1234564", "IB1234563"}},
      {"us-mbi", {"1EG4TE5MK73"}, {"1SG4TE5MK73", "0EG4TE5MK73", "1EG4TE5MK7"}},
      {"ca-sin", {"046454286"}, {"046454287", "846454286"}},
      {"uk-nhs", {"9434765919"}, {"9434765918"}},
      {"uk-nino", {"AB123456C", "AB123456"}, {"BG123456C", "DA123456C", "AO123456C", "AB123456E"}},
      {"uk-utr", {"1955839661"}, {"2955839661"}},
      {"uk-driving-licence", {"MORGA657054SM9IJ"}, {"MORGA667054SM9IJ", "99999657054SM9IJ"}},
      {"fr-nir", {"295109912611193", "253072A07300443"}, {"295109912611194", "995109912611193"}},
      {"fr-siren", {"552008443"}, {"552008444"}},
      {"de-tax-id", {"36574261809"}, {"36574261808", "36554266806", "06574261809"}},
      {"de-social-security", {"15070649C103"}, {"15070649C104", "15320649C103"}},
      {"de-id-card", {"T220001293"}, {"T220001294", "2220001293"}},
      {"es-dni", {"12345678Z"}, {"12345678A"}},
      {"es-nie", {"X1234567L"}, {"X1234567M", "W1234567L"}},
      {"it-fiscal-code", {"RSSMRA85T10A562S"}, {"RSSMRA85T10A562T", "RSSMRA85T32A562S"}},
      {"it-vat", {"00743110157"}, {"00743110158"}},
      {"nl-bsn", {"111222333"}, {"111222334", "000000000"}},
      {"be-nn", {"85073003328", "17073003384"}, {"85073003329"}},
      {"pt-nif", {"501964843"}, {"501964842"}},
      {"hr-oib", {"33392005961"}, {"33392005962"}},
      {"ro-cnp", {"1630615123457"}, {"1630615123458", "1631315123457"}},
      {"gr-amka", {"01013099997"}, {"01013099999"}},
      {"ie-pps", {"6433435F", "6433435FT", "6433435FW", "6433435OA"}, {"6433435E", "6433435VH"}},
      {"at-vnr", {"1237010180"}, {"2237010180"}},
      {"lu-vat", {"15027442"}, {"15027443"}},
      {"pl-pesel", {"44051401359"}, {"44051401358", "44055401359"}},
      {"pl-nip", {"8567346215"}, {"8567346216"}},
      {"se-personnummer", {"8803200016", "198803200016"}, {"8803200017", "8813200016"}},
      {"fi-hetu", {"131052-308T", "131052A308T", "131052Y308T"}, {"131052-308U", "131052_308T", "321052-308T"}},
      {"dk-cpr", {"2110625629"}, {"3210625629"}},
      {"no-fodselsnummer", {"15108695088"}, {"15108695077", "15108695089"}},
      {"ch-ahv", {"7569217076985"}, {"7569217076984", "7579217076985"}},
      {"in-aadhaar", {"234123412346"}, {"234123412347", "134123412346"}},
      {"in-pan", {"ACUPA7085R"}, {"ACUXA7085R", "ACUPA0000R"}},
      {"in-gstin", {"27AAPFU0939F1ZV"}, {"27AAPFU0939F1ZW", "99AAPFU0939F1ZV"}},
      {"in-voter", {"WKH1186253"}, {"WKH1186263"}},
      {"au-tfn", {"123456782"}, {"999999999"}},
      {"au-abn", {"51824753556"}, {"99999999999"}},
      {"au-acn", {"004085616"}, {"999999999"}},
      {"au-medicare", {"2123456701"}, {"2123456711", "9123456701"}},
      {"br-cpf", {"39053344705"}, {"39053344706", "00000000000"}},
      {"br-cnpj", {"16727230000197"}, {"16727230000198"}},
      {"mx-curp", {"BOXW310820HNERXN09"}, {"BOXW310820HNERXN08", "BOXW310832HNERXN09"}},
      {"cl-rut", {"125319092"}, {"125319093"}},
      {"ar-cuit", {"20055361682"}, {"20055361683", "21055361682"}},
      {"cn-ric", {"360426199101010071"}, {"360426199101010072", "990426199101010071"}},
      {"kr-rrn", {"9710139019902"}, {"9710139019903"}},
      {"jp-cn", {"5835678256246"}, {"2835678256246"}},
      {"tr-tckn", {"17291716060"}, {"17291716050", "07291716092"}},
      {"il-id", {"039337423"}, {"039337422"}},
      {"za-id", {"7503305044089"}, {"8503305044089", "7503305044289"}},
      {"nz-ird", {"49091850"}, {"49091851", "9125568"}},
  };
  return kExamples;
}

TEST(Validators, TellNumbersFromNearMisses) {
  for (const Example& example : Examples()) {
    for (const std::string_view number : example.valid)
      EXPECT_TRUE(Holds(example.name, number)) << example.name << number;
    for (const std::string_view number : example.invalid) {
      EXPECT_FALSE(Holds(example.name, number)) << example.name << " " << number;
    }
  }
}

TEST(Validators, EveryOneHasExamples) {
  for (const Validator& validator : Validators()) {
    EXPECT_NE(std::ranges::find(Examples(), validator.name, &Example::name), Examples().end()) << validator.name;
  }
}

// A typing error in one digit passes no check that is meant to find all of these.
TEST(Validators, SeeEveryWrongDigit) {
  for (const std::string_view name :
       {"card", "iban", "us-npi", "uk-nhs", "in-aadhaar", "de-tax-id", "nl-bsn", "imei"}) {
    const auto example = std::ranges::find(Examples(), name, &Example::name);
    const std::string number(example->valid.front());
    for (std::size_t i = 0; i < number.size(); ++i) {
      for (char c = '0'; c <= '9'; ++c) {
        std::string wrong = number;
        wrong[i] = c;
        if (wrong != number) EXPECT_FALSE(Holds(name, wrong)) << name << " " << wrong;
      }
    }
  }
}

// Every validator takes any text: cut short, lengthened, with any byte at any place.
TEST(Validators, TakeAnyText) {
  for (const Example& example : Examples()) {
    const std::string number(example.valid.front());
    for (std::size_t size = 0; size < number.size(); ++size) {
      EXPECT_FALSE(Holds(example.name, number.substr(0, size)) && example.name == "iban") << size;
    }
    for (std::size_t i = 0; i < number.size(); ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string odd = number;
        odd[i] = static_cast<char>(byte);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '+';
        const bool holds = Holds(example.name, odd);
        if (!plain) EXPECT_FALSE(holds) << example.name << " " << byte << " at " << i;
      }
    }
  }
}

TEST(Keccak256, IsThatOfEthereum) {
  const auto hex = [](std::string_view text) {
    const auto digest = Keccak256(text);
    return codec::crypto::HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(hex(""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(hex("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

}  // namespace
}  // namespace gatehouse::inspect::pii
