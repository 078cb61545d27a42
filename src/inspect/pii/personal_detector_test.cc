#include "inspect/pii/personal_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "inspect/in_pieces.h"
#include "inspect/inspector.h"

namespace gatehouse::inspect::pii {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::shared_ptr<const Inspector> Build(PersonalDetector::Options options = {}) {
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(std::make_unique<PersonalDetector>(std::move(options)));
  auto inspector = Inspector::Build(std::move(detectors));
  EXPECT_TRUE(inspector.ok());
  return std::move(inspector).value();
}

std::vector<Finding> Inspect(const Inspector& inspector, std::string_view text, std::size_t begin = 0) {
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  inspector.Inspect(text, begin, Channel::kUser, scratch, findings);
  return findings;
}

// "ENTITY value" for each finding.
std::vector<std::string> Seen(std::string_view text, PersonalDetector::Options options = {}) {
  static const std::shared_ptr<const Inspector> kDefault = Build();
  const bool usual = options.entities.empty() && options.allowed_values.empty() && options.allowed_domains.empty() &&
                     options.thresholds.empty();
  const auto inspector = usual ? kDefault : Build(std::move(options));
  std::vector<std::string> seen;
  for (const Finding& finding : Inspect(*inspector, text)) {
    EXPECT_EQ(finding.category, Category::kPii);
    seen.push_back(finding.entity + " " + std::string(text.substr(finding.span.begin, finding.span.size())));
  }
  return seen;
}

struct Example {
  std::string_view text;
  std::vector<std::string> seen;
};

const std::vector<Example>& Examples() {
  static const std::vector<Example> kExamples = {
      // Cards and accounts.
      {"my card 4111 1111 1111 1111 expired", {"CREDIT_CARD 4111 1111 1111 1111"}},
      {"paid with 4111-1111-1111-1111.", {"CREDIT_CARD 4111-1111-1111-1111"}},
      {"pay 4111111111111111 now", {"CREDIT_CARD 4111111111111111"}},
      {"card number 378282246310005", {"CREDIT_CARD 378282246310005"}},
      {"card 4111 1111 1111 1112", {}},
      {"order 30569309025904 came", {}},
      {"credit card 30569309025904", {"CREDIT_CARD 30569309025904"}},
      {"to DE89 3704 0044 0532 0130 00 please", {"IBAN_CODE DE89 3704 0044 0532 0130 00"}},
      {"IBAN:GB82WEST12345698765432,", {"IBAN_CODE GB82WEST12345698765432"}},
      {"my iban is gb82west12345698765432", {"IBAN_CODE gb82west12345698765432"}},
      {"to DE89 3704 0044 0532 0130 01 please", {}},
      {"routing number 021000021", {"ABA_ROUTING_NUMBER 021000021"}},
      // Numbers of people.
      {"my SSN is 536-90-4399", {"US_SSN 536-90-4399"}},
      {"536-90-4399", {"US_SSN 536-90-4399"}},
      {"part 536904399 in stock", {}},
      {"social security 536904399", {"US_SSN 536904399"}},
      {"ssn 666-90-4399", {}},
      {"NHS number 943 476 5919", {"UK_NHS 943 476 5919"}},
      {"NINO AB 12 34 56 C", {"UK_NINO AB 12 34 56 C"}},
      {"Aadhaar 2341 2341 2346", {"IN_AADHAAR 2341 2341 2346"}},
      {"PAN ACUPA7085R", {"IN_PAN ACUPA7085R"}},
      {"sécurité sociale 2 95 10 99 126 111 93", {"FR_NIR 2 95 10 99 126 111 93"}},
      {"Steuer-ID 36574261809", {"DE_TAX_ID 36574261809"}},
      {"DNI 12345678Z", {"ES_NIF 12345678Z"}},
      {"codice fiscale RSSMRA85T10A562S", {"IT_FISCAL_CODE RSSMRA85T10A562S"}},
      {"BSN 111222333", {"NL_BSN 111222333"}},
      {"PESEL 44051401359", {"PL_PESEL 44051401359"}},
      {"NIF 501964843", {"PT_NIF 501964843"}},
      {"TFN 123 456 782", {"AU_TFN 123 456 782"}},
      {"hetu 131052-308T", {"FI_PERSONAL_IDENTITY_CODE 131052-308T"}},
      {"CPF 390.533.447-05", {"BR_CPF 390.533.447-05"}},
      {"AHV 756.9217.0769.85", {"CH_AHV 756.9217.0769.85"}},
      {"passport 912345678", {"US_PASSPORT 912345678"}},
      {"driver's license F1234567", {"US_DRIVER_LICENSE F1234567"}},
      {"MRN 00123456", {"MEDICAL_RECORD_NUMBER 00123456"}},
      {"VIN 1M8GDM9AXKP042788", {"VIN 1M8GDM9AXKP042788"}},
      {"imei 357805023984942", {"IMEI 357805023984942"}},
      // Networks and wallets.
      {"mail jane.doe+x@mail.example.com.", {"EMAIL_ADDRESS jane.doe+x@mail.example.com"}},
      {"<mailto:jane@example.org>", {"EMAIL_ADDRESS jane@example.org"}},
      {"@handle and a@b and git@host.example:repo", {}},
      {"see https://www.example.org/a?b=c).", {"URL https://www.example.org/a?b=c"}},
      {"see www.example.org, now", {"URL www.example.org"}},
      {"host 203.0.113.7:8080 is up", {"IP_ADDRESS 203.0.113.7"}},
      {"Agent/120.0.0.0 and v1.22.33.44 and 300.1.1.1", {}},
      {"at 2001:db8::ff00:42:8329 and 10:30:45", {"IP_ADDRESS 2001:db8::ff00:42:8329"}},
      {"mac 00:1B:44:11:3A:B7", {"MAC_ADDRESS 00:1B:44:11:3A:B7"}},
      {"to 1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD", {"CRYPTO 1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD"}},
      {"to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", {"CRYPTO 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}},
      // Telephones.
      {"call +44 20 7946 0958", {"PHONE_NUMBER +44 20 7946 0958"}},
      {"+49 (0)30 901820", {"PHONE_NUMBER +49 (0)30 901820"}},
      {"(212) 555-0142", {"PHONE_NUMBER (212) 555-0142"}},
      {"212-555-0142x123 today", {"PHONE_NUMBER 212-555-0142x123"}},
      {"Tel. 01 23 45 67 89", {"PHONE_NUMBER 01 23 45 67 89"}},
      {"call me on 9472 7916?", {"PHONE_NUMBER 9472 7916"}},
      {"9761 9808 office", {"PHONE_NUMBER 9761 9808"}},
      {"in 1990-2000 it sold 1.234.567 of 12345-6789", {}},
      {"at 86.1600341796875 or 2.5", {}},
      // Dates.
      {"on 2020-07-31 00:57:51 we", {"DATE_TIME 2020-07-31 00:57:51"}},
      {"due 12/7/1975", {"DATE_TIME 12/7/1975"}},
      {"She was born on 10/5/1971.", {"DATE_OF_BIRTH 10/5/1971"}},
      {"on March 12, 2020", {"DATE_TIME March 12, 2020"}},
      {"am 3. Oktober 1990", {"DATE_TIME 3. Oktober 1990"}},
      {"founded in 1977 or so", {"DATE_TIME 1977"}},
      {"we meet friday, at 5", {"DATE_TIME friday"}},
      {"31/31/2020 and 2020 apples", {}},
      // Names and places.
      {"My name is Kimberly Wolinski.", {"PERSON Kimberly Wolinski"}},
      {"Mr. Okonkwo called", {"PERSON Okonkwo"}},
      {"ask Anna van der Berg", {"PERSON Anna van der Berg"}},
      {"flew to New Zealand", {"LOCATION New Zealand"}},
      {"at 55 Halsey Road.", {"STREET_ADDRESS 55 Halsey Road"}},
      {"Lindenstraße 12", {"STREET_ADDRESS Lindenstraße 12"}},
      {"The Quick Brown Fox", {}},
  };
  return kExamples;
}

TEST(PersonalDetector, SeesWhatItShould) {
  for (const Example& example : Examples()) EXPECT_EQ(Seen(example.text), example.seen) << example.text;
}

TEST(PersonalDetector, LooksAtWordsBeforeAndNotBehind) {
  EXPECT_THAT(Seen("021000021 is my routing number"), IsEmpty());
  EXPECT_THAT(Seen("routing number, as it was told by the bank: 021000021"),
              ElementsAre("ABA_ROUTING_NUMBER 021000021"));
  EXPECT_THAT(Seen("routing " + std::string(200, '.') + " 021000021"), IsEmpty());
}

TEST(PersonalDetector, LeavesOutWhatIsAllowed) {
  const std::string text = "mail a@example.com or b@sub.example.com or c@other.org, see https://example.com/x";
  PersonalDetector::Options options;
  options.allowed_domains = {"Example.com"};
  EXPECT_THAT(Seen(text, options), ElementsAre("EMAIL_ADDRESS c@other.org"));
  options.allowed_domains = {"ample.com"};
  options.allowed_values = {"A@example.com"};
  EXPECT_THAT(Seen(text, options),
              ElementsAre("EMAIL_ADDRESS b@sub.example.com", "EMAIL_ADDRESS c@other.org", "URL https://example.com/x"));
}

TEST(PersonalDetector, KeepsToEntitiesAndThresholds) {
  const std::string text = "card 4111111111111111, mail a@example.com, routing 021000021";
  PersonalDetector::Options options;
  options.entities = {"EMAIL_ADDRESS", "CREDIT_CARD"};
  EXPECT_THAT(Seen(text, options), UnorderedElementsAre("CREDIT_CARD 4111111111111111", "EMAIL_ADDRESS a@example.com"));
  options.entities = {};
  options.thresholds = {{"CREDIT_CARD", 1.1F}, {"EMAIL_ADDRESS", 1.0F}};
  EXPECT_THAT(Seen(text, options), ElementsAre("EMAIL_ADDRESS a@example.com", "ABA_ROUTING_NUMBER 021000021"));
}

TEST(PersonalDetector, ListsWhatItCanSee) {
  const auto entities = PersonalDetector::Entities();
  for (const Example& example : Examples()) {
    for (const std::string& seen : example.seen) {
      const std::string entity = seen.substr(0, seen.find(' '));
      EXPECT_TRUE(std::ranges::binary_search(entities, std::string_view(entity))) << entity;
    }
  }
}

TEST(PersonalDetector, SeesTheSameHoweverTheTextIsCut) {
  const auto inspector = Build();
  std::mt19937 random(7);
  constexpr std::string_view kBetween[] = {" ", "\n", ". ", ", ", " and then ", "\n\n", " - ", ": "};
  std::size_t seen = 0;
  for (int round = 0; round < 100; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      text += Examples()[random() % Examples().size()].text;
      text += kBetween[random() % std::size(kBetween)];
    }
    std::vector<std::size_t> cuts;
    for (std::size_t cut = 1; cut < text.size(); cut += 1 + random() % (round % 3 == 0 ? 1 : 40)) cuts.push_back(cut);
    const auto whole = InPieces(*inspector, text, {});
    ASSERT_EQ(Described(whole), Described(InPieces(*inspector, text, cuts))) << text;
    seen += whole.size();
  }
  EXPECT_GT(seen, 500U);
}

// Any bytes: no finding is empty or outside of the text.
TEST(PersonalDetector, TakesAnyBytes) {
  const auto inspector = Build({.threshold = 0.01F});
  std::mt19937 random(8);
  constexpr std::string_view kPieces = "0123456789 .-/:()+@ABCxyz,\n\t\xC3\x85\xC4\xFF\x80'_=%";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) text.push_back(kPieces[random() % kPieces.size()]);
    for (const Finding& finding : Inspect(*inspector, text)) {
      ASSERT_LT(finding.span.begin, finding.span.end) << text;
      ASSERT_LE(finding.span.end, text.size()) << text;
    }
  }
}

}  // namespace
}  // namespace gatehouse::inspect::pii
