#include "inspect/pii/number_kind.h"

#include <array>

#include "inspect/pii/checksum.h"
#include "inspect/pii/validators.h"

namespace gatehouse::inspect::pii {
namespace {

// Words that many kinds share.
#define GH_PASSPORT \
  "passport passports passeport reisepass passnummer pasaporte passaporto paspoort paszport passaporte "
#define GH_TAX "tax steuer steuernummer steuerid fiscal fiscale impuesto belasting podatek podatkowy imposto impôt "
#define GH_SOCIAL "social sécurité securite sozialversicherung sozialversicherungsnummer previdenza seguridad "
#define GH_IDENTITY \
  "identity identité identidad identità identita identification ausweis personalausweis ausweisnummer dowód "

bool IsVinWithLetters(std::string_view number) {
  return number.find_first_not_of("0123456789") != std::string_view::npos && IsVin(number);
}
bool IsDeVat(std::string_view number) { return number.starts_with("DE") && Mod11And10(number.substr(2)); }
bool IsItVatWithCountry(std::string_view number) { return number.starts_with("IT") && IsItVat(number.substr(2)); }
bool IsPlausibleLicence(std::string_view number) { return number.find_first_of("123456789") != std::string_view::npos; }
bool IsUsZipOfState(std::string_view number) {
  return IsListed(
      "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
      "OR PA RI SC SD TN TX UT VT VA WA WV WI WY AA AE AP PR GU VI",
      number.substr(0, 2));
}
bool IsUkPostcode(std::string_view number) {
  const std::string_view unit = number.substr(number.size() - 2);
  return unit.find_first_of("CIKMOV") == std::string_view::npos &&
         std::string_view("QVX").find(number[0]) == std::string_view::npos;
}

constexpr auto kKinds = std::to_array<NumberKind>({
    // Cards and accounts. One run of 16 digits in forty has an issuer and passes the check by chance.
    {"CREDIT_CARD", "9999~9999~9999~9999|9999~999999~99999|9999~999999~9999|9999~9999~9999~9999~999", IsCard, 0, 0.9F,
     1,
     "card cards credit debit visa mastercard amex maestro discover cc pan kreditkarte kreditkartennummer karte "
     "kartennummer bankkarte carte bancaire tarjeta carta karta karty kartą cartão cartao creditcard kaart "
     "kaartnummer"},
    {"CREDIT_CARD", "9999999999999999|999999999999999", IsCard, 0.55F, 0, 1,
     "card cards credit debit visa mastercard amex maestro discover cc pan kreditkarte kreditkartennummer karte "
     "kartennummer bankkarte carte bancaire tarjeta carta karta karty kartą cartão cartao creditcard kaart "
     "kaartnummer"},
    {"CREDIT_CARD",
     "999999999999|9999999999999|99999999999999|99999999999999999|999999999999999999|9999999999999999999", IsCard, 0.3F,
     0, 0.9F,
     "card cards credit debit visa mastercard amex maestro discover cc pan kreditkarte kreditkartennummer karte "
     "kartennummer bankkarte carte bancaire tarjeta carta karta karty kartą cartão cartao creditcard kaart "
     "kaartnummer"},
    {"ABA_ROUTING_NUMBER", "999999999|9999~9999~9", IsAbaRouting, 0.05F, 0.2F, 0.9F, "aba routing rtn"},
    {"US_BANK_NUMBER",
     "99999999|999999999|9999999999|99999999999|999999999999|9999999999999|99999999999999|999999999999999|"
     "9999999999999999|99999999999999999",
     nullptr, 0.05F, 0, 0.5F, "account acct konto kontonummer checking savings"},

    // United States and Canada.
    {"US_SSN", "999-99-9999|999 99 9999|999999999", IsUsSsn, 0.05F, 0.65F, 0.95F, "ssn social"},
    {"US_ITIN", "999-99-9999|999 99 9999|999999999", IsUsItin, 0.05F, 0.6F, 0.95F, "itin taxpayer " GH_TAX},
    {"US_ATIN", "999-99-9999|999999999", IsUsAtin, 0.05F, 0.4F, 0.9F, "atin adoption"},
    {"US_EIN", "99-9999999|999999999", IsUsEin, 0.05F, 0.25F, 0.8F, "ein fein employer"},
    {"US_NPI", "9999999999", IsUsNpi, 0.2F, 0, 0.9F, "npi"},
    {"US_MBI", "9AX9AX9AA99|9AX9~AX9~AA99", IsUsMbi, 0.5F, 0.8F, 0.95F, "mbi medicare beneficiary"},
    {"MEDICAL_LICENSE", "AA9999999|A99999999", IsUsDea, 0.4F, 0, 0.95F,
     "dea prescriber certificate medical license licence"},
    {"US_PASSPORT", "A99999999|999999999", nullptr, 0.05F, 0, 0.7F, GH_PASSPORT},
    {"US_DRIVER_LICENSE",
     "A999999|A9999999|A99999999|A999999999|A99999999999|A999999999999|A9999999999999|A99999999999999|9999999|99999999|"
     "999999999|9999999999|999999999999|AA999999|AA999999A|999AA9999|9999-99-9999|A999-9999-9999|A999-999-99-999-9",
     IsPlausibleLicence, 0, 0.05F, 0.6F, "driver drivers driving license licence licenses dl permit"},
    {"CA_SIN", "999~999~999|999999999", IsCaSin, 0.05F, 0.3F, 0.9F, "sin nas insurance " GH_SOCIAL},
    {"MEDICAL_RECORD_NUMBER",
     "99999|999999|9999999|99999999|999999999|9999999999|AA999999|AA9999999|AAA999999|A9999999|999-999-999|99-99-99",
     nullptr, 0, 0, 0.6F, "mrn chart patient patientennummer patiënt paciente paziente pacjent"},
    {"ZIP_CODE", "AA 99999|AA 99999-9999", IsUsZipOfState, 0, 0.5F, 0.7F, "zip address street"},

    // Europe.
    {"UK_NHS", "999~999~9999|9999999999", IsUkNhs, 0.2F, 0.45F, 0.95F, "nhs"},
    {"UK_NINO", "AA999999A|AA~99~99~99~A|AA 999999 A", IsUkNino, 0.55F, 0.8F, 0.95F, "nino ni insurance"},
    {"UK_UTR", "9999999999|99999~99999", IsUkUtr, 0.1F, 0.2F, 0.9F, "utr taxpayer " GH_TAX},
    {"UK_DRIVING_LICENCE", "XXXXX999999XXXAA", IsUkDrivingLicence, 0.85F, 0, 0.95F, "driving licence license"},
    {"UK_PASSPORT", "999999999", nullptr, 0.02F, 0, 0.65F, GH_PASSPORT},
    {"UK_POSTCODE", "A9 9AA|A99 9AA|AA9 9AA|AA99 9AA|A9A 9AA|AA9A 9AA", IsUkPostcode, 0, 0.5F, 0.8F,
     "postcode post address street road avenue lane"},
    {"UK_VEHICLE_REGISTRATION", "AA99 AAA|AA99AAA", nullptr, 0.2F, 0.35F, 0.8F, "registration plate vehicle car reg"},
    {"FR_NIR", "99999XX99999999|9~99~99~XX~999~999~99|9~99~99~XX~999~999|9 99 99 XX 999 999/99", IsFrNir, 0.8F, 0.95F,
     1, "nir insee vitale secu sécu " GH_SOCIAL},
    {"FR_SIREN", "999999999|999 999 999", IsFrSiren, 0.02F, 0.2F, 0.8F, "siren"},
    {"DE_TAX_ID", "99999999999|99~999~999~999", IsDeTaxId, 0.45F, 0.75F, 0.95F,
     "tin idnr identifikationsnummer steueridentifikationsnummer " GH_TAX},
    {"DE_TAX_NUMBER", "99/999/99999|999/999/99999|999/9999/9999|99 999 99999", nullptr, 0, 0.3F, 0.85F, GH_TAX},
    {"DE_SOCIAL_SECURITY", "99999999A999|99~999999~A~999", IsDeSocialSecurity, 0.8F, 0.9F, 0.98F,
     "rentenversicherung rentenversicherungsnummer versicherungsnummer svnr rvnr " GH_SOCIAL},
    {"DE_HEALTH_INSURANCE", "A999999999", nullptr, 0.05F, 0, 0.8F,
     "krankenversicherung krankenversichertennummer versichertennummer krankenkasse kvnr"},
    {"DE_ID_CARD", "AXXXXXXXX9", IsDeIdCard, 0.2F, 0, 0.9F, GH_IDENTITY},
    {"DE_PASSPORT", "AXXXXXXXX9", IsDeIdCard, 0.1F, 0, 0.92F, GH_PASSPORT},
    {"DE_VAT_ID", "AA999999999", IsDeVat, 0.6F, 0, 0.95F, "vat umsatzsteuer ust ustid"},
    {"ES_NIF", "99999999A|99999999-A|99.999.999-A", IsEsDni, 0.6F, 0.8F, 0.95F, "dni nif " GH_IDENTITY},
    {"ES_NIE", "A9999999A|A-9999999-A", IsEsNie, 0.7F, 0.85F, 0.95F, "nie extranjero"},
    {"ES_PASSPORT", "AAA999999", nullptr, 0.1F, 0, 0.75F, GH_PASSPORT},
    {"IT_FISCAL_CODE", "AAAAAAXXAXXAXXXA|AAA~AAA~XXAXX~AXXXA", IsItFiscalCode, 0.95F, 0.95F, 1, "codice fiscale"},
    {"IT_VAT_CODE", "99999999999", IsItVat, 0.1F, 0, 0.9F, "partita iva piva vat"},
    {"IT_VAT_CODE", "AA99999999999", IsItVatWithCountry, 0.8F, 0, 0.95F, "partita iva piva vat"},
    {"IT_DRIVER_LICENSE", "AA9999999A", nullptr, 0.1F, 0, 0.8F, "patente"},
    {"IT_PASSPORT", "AA9999999", nullptr, 0.1F, 0, 0.7F, GH_PASSPORT},
    {"IT_IDENTITY_CARD", "AA99999AA|AA9999999", nullptr, 0.1F, 0, 0.65F, GH_IDENTITY},
    {"NL_BSN", "999999999|9999~99~999|999.999.999", IsNlBsn, 0.05F, 0.2F, 0.95F,
     "bsn burgerservicenummer sofinummer sofi"},
    {"BE_NATIONAL_NUMBER", "99.99.99-999.99|99999999999|99~99~99~999~99", IsBeNationalNumber, 0.3F, 0.9F, 0.95F,
     "rijksregisternummer rijksregister nationaal insz niss registre " GH_IDENTITY},
    {"PT_NIF", "999999999|999~999~999", IsPtNif, 0.05F, 0.25F, 0.9F, "nif contribuinte " GH_TAX},
    {"HR_OIB", "99999999999", IsHrOib, 0.2F, 0, 0.95F, "oib"},
    {"RO_CNP", "9999999999999", IsRoCnp, 0.5F, 0, 0.95F, "cnp"},
    {"GR_AMKA", "99999999999", IsGrAmka, 0.3F, 0, 0.95F, "amka"},
    {"IE_PPS", "9999999A|9999999AA", IsIePps, 0.5F, 0, 0.95F, "pps ppsn"},
    {"AT_SOCIAL_SECURITY", "9999999999|9999~999999", IsAtSocialSecurity, 0.1F, 0.3F, 0.9F, "svnr vnr " GH_SOCIAL},
    {"PL_PESEL", "99999999999", IsPlPesel, 0.5F, 0, 0.98F, "pesel"},
    {"PL_NIP", "9999999999|999-999-99-99|999-99-99-999", IsPlNip, 0.1F, 0.5F, 0.95F, "nip"},
    {"SE_PERSONNUMMER", "999999-9999|99999999-9999|9999999999|999999999999", IsSePersonnummer, 0.2F, 0.6F, 0.95F,
     "personnummer"},
    {"FI_PERSONAL_IDENTITY_CODE", "999999-999X|999999+999X|999999A999X", IsFiHetu, 0.85F, 0.85F, 0.98F,
     "hetu henkilötunnus sosiaaliturvatunnus"},
    {"DK_CPR", "999999-9999|9999999999", IsDkCpr, 0.05F, 0.45F, 0.9F, "cpr personnummer"},
    {"NO_FODSELSNUMMER", "99999999999|999999 99999", IsNoFodselsnummer, 0.5F, 0.7F, 0.96F,
     "fødselsnummer personnummer"},
    {"CH_AHV", "999.9999.9999.99|9999999999999", IsChAhv, 0.8F, 0.95F, 0.98F, "ahv avs"},

    // Elsewhere.
    {"IN_AADHAAR", "9999~9999~9999|999999999999", IsInAadhaar, 0.3F, 0.7F, 0.98F, "aadhaar aadhar uidai uid"},
    {"IN_PAN", "AAAAA9999A", IsInPan, 0.7F, 0, 0.95F, "pan permanent"},
    {"IN_GSTIN", "99AAAAA9999AXAX", IsInGstin, 0.9F, 0, 1, "gst gstin"},
    {"IN_VOTER", "AAA9999999", IsInVoter, 0.3F, 0, 0.95F, "voter epic election"},
    {"IN_PASSPORT", "A9999999", nullptr, 0.1F, 0, 0.65F, GH_PASSPORT},
    {"IN_VEHICLE_REGISTRATION", "AA99AA9999|AA~99~AA~9999", nullptr, 0.3F, 0.6F, 0.9F,
     "registration plate vehicle car"},
    {"AU_TFN", "999~999~999|999999999|99999999", IsAuTfn, 0.05F, 0.3F, 0.95F, "tfn " GH_TAX},
    {"AU_ABN", "99~999~999~999|99999999999", IsAuAbn, 0.2F, 0.65F, 0.95F, "abn"},
    {"AU_ACN", "999~999~999|999999999", IsAuAcn, 0.05F, 0.3F, 0.95F, "acn"},
    {"AU_MEDICARE", "9999~99999~9|9999999999|9999~99999~9~9", IsAuMedicare, 0.1F, 0.5F, 0.95F, "medicare"},
    {"BR_CPF", "999.999.999-99|99999999999", IsBrCpf, 0.2F, 0.9F, 0.95F, "cpf"},
    {"BR_CNPJ", "99.999.999/9999-99|99999999999999", IsBrCnpj, 0.3F, 0.95F, 0.95F, "cnpj"},
    {"MX_CURP", "AAAA999999AAAAAAX9", IsMxCurp, 0.95F, 0, 1, "curp"},
    {"CL_RUT", "99.999.999-X|9.999.999-X|99999999-X|9999999-X", IsClRut, 0, 0.6F, 0.95F, "rut run"},
    {"AR_CUIT", "99-99999999-9|99999999999", IsArCuit, 0.2F, 0.7F, 0.95F, "cuit cuil"},
    {"CN_RESIDENT_ID", "99999999999999999X", IsCnResidentId, 0.9F, 0, 1, "resident " GH_IDENTITY},
    {"KR_RRN", "999999-9999999|9999999999999", IsKrRrn, 0.3F, 0.85F, 0.95F, "rrn resident registration"},
    {"TR_NATIONAL_ID", "99999999999", IsTrNationalId, 0.4F, 0, 0.95F, "tckn kimlik tc"},
    {"IL_ID", "999999999", IsIlId, 0.02F, 0, 0.8F, "teudat zehut israeli"},
    {"ZA_ID", "9999999999999", IsZaId, 0.5F, 0, 0.95F, "rsa " GH_IDENTITY},
    {"NZ_IRD", "99~999~999|999~999~999|99999999|999999999", IsNzIrd, 0.02F, 0.2F, 0.9F, "ird"},

    // Things.
    {"VIN", "XXXXXXXXXXXXXXXXX", IsVinWithLetters, 0.6F, 0, 0.95F, "vin vehicle chassis fahrgestellnummer"},
    {"IMEI", "999999999999999|99-999999-999999-9", IsImei, 0.15F, 0.75F, 0.97F, "imei"},
    {"IMSI", "999999999999999", IsImsi, 0.05F, 0, 0.9F, "imsi"},
});

#undef GH_PASSPORT
#undef GH_TAX
#undef GH_SOCIAL
#undef GH_IDENTITY

}  // namespace

std::span<const NumberKind> NumberKinds() { return kKinds; }

}  // namespace gatehouse::inspect::pii
