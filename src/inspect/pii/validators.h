#pragma once

#include <span>
#include <string_view>

// Which numbers can have been given to somebody: form, ranges, dates and check digits. Pure functions over the number
// without its separators (spaces, dots, hyphens, slashes), letters in upper case. They are safe with any text.
//
// A check digit alone says little: one number in ten passes one. What makes it a finding is decided elsewhere.
namespace gatehouse::inspect::pii {

// Banks and things.
bool IsCard(std::string_view number);  // ISO/IEC 7812: issuer ranges with their lengths, 12 to 19 digits
bool IsIban(std::string_view number);  // ISO 13616, structure by country
bool IsBic(std::string_view number);   // ISO 9362
bool IsIsin(std::string_view number);  // ISO 6166
bool IsAbaRouting(std::string_view number);
bool IsVin(std::string_view number);        // ISO 3779 with the check digit of North America
bool IsImei(std::string_view number);       // 3GPP TS 23.003: 15 digits
bool IsImsi(std::string_view number);       // ITU-T E.212: a known country code
bool IsBitcoin(std::string_view address);   // as written: base58check; bech32 and bech32m (BIP 173, BIP 350)
bool IsEthereum(std::string_view address);  // as written, "0x" included: EIP-55 where letters are of both cases

// Two-letter codes of countries (ISO 3166-1).
bool IsCountry(std::string_view code);

// United States and Canada.
bool IsUsSsn(std::string_view number);
bool IsUsItin(std::string_view number);
bool IsUsAtin(std::string_view number);
bool IsUsEin(std::string_view number);
bool IsUsNpi(std::string_view number);
bool IsUsDea(std::string_view number);
bool IsUsMbi(std::string_view number);
bool IsCaSin(std::string_view number);

// Europe.
bool IsUkNhs(std::string_view number);
bool IsUkNino(std::string_view number);
bool IsUkUtr(std::string_view number);
bool IsUkDrivingLicence(std::string_view number);
bool IsFrNir(std::string_view number);
bool IsFrSiren(std::string_view number);
bool IsDeTaxId(std::string_view number);
bool IsDeSocialSecurity(std::string_view number);
bool IsDeIdCard(std::string_view number);  // card and passport: 9 characters and a check digit
bool IsEsDni(std::string_view number);
bool IsEsNie(std::string_view number);
bool IsItFiscalCode(std::string_view number);
bool IsItVat(std::string_view number);
bool IsNlBsn(std::string_view number);
bool IsBeNationalNumber(std::string_view number);
bool IsPtNif(std::string_view number);
bool IsHrOib(std::string_view number);
bool IsRoCnp(std::string_view number);
bool IsGrAmka(std::string_view number);
bool IsIePps(std::string_view number);
bool IsAtSocialSecurity(std::string_view number);
bool IsLuVat(std::string_view number);
bool IsPlPesel(std::string_view number);
bool IsPlNip(std::string_view number);
bool IsSePersonnummer(std::string_view number);  // 10 or 12 digits
bool IsFiHetu(std::string_view number);          // with its sign: "131052-308T"
bool IsDkCpr(std::string_view number);
bool IsNoFodselsnummer(std::string_view number);
bool IsChAhv(std::string_view number);

// Elsewhere.
bool IsInAadhaar(std::string_view number);
bool IsInPan(std::string_view number);
bool IsInGstin(std::string_view number);
bool IsInVoter(std::string_view number);
bool IsAuTfn(std::string_view number);
bool IsAuAbn(std::string_view number);
bool IsAuAcn(std::string_view number);
bool IsAuMedicare(std::string_view number);
bool IsBrCpf(std::string_view number);
bool IsBrCnpj(std::string_view number);
bool IsMxCurp(std::string_view number);
bool IsClRut(std::string_view number);
bool IsArCuit(std::string_view number);
bool IsCnResidentId(std::string_view number);
bool IsKrRrn(std::string_view number);
bool IsJpCorporateNumber(std::string_view number);
bool IsTrNationalId(std::string_view number);
bool IsIlId(std::string_view number);
bool IsZaId(std::string_view number);
bool IsNzIrd(std::string_view number);

struct Validator {
  std::string_view name;  // "us-ssn", "iban"
  bool (*holds)(std::string_view number);
};

// All of them, for tools that compare them with others.
std::span<const Validator> Validators();

}  // namespace gatehouse::inspect::pii
