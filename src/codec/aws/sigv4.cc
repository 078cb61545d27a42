#include "codec/aws/sigv4.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/text/percent.h"

namespace gatehouse::codec::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";

std::string HexSha256(std::string_view bytes) { return crypto::HexEncode(crypto::AsText(crypto::Sha256(bytes))); }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// Without blanks around it, and runs of blanks within as one.
std::string Trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// Sorted by name; values of one name joined in their order.
std::vector<HeaderField> CanonicalHeaders(std::span<const HeaderField> headers) {
  std::map<std::string, std::string> values;
  for (const auto& header : headers) {
    auto [found, fresh] = values.try_emplace(Lower(header.name));
    found->second.append(fresh ? "" : ",").append(Trimmed(header.value));
  }
  std::vector<HeaderField> canonical;
  canonical.reserve(values.size());
  for (auto& [name, value] : values) canonical.push_back({name, std::move(value)});
  return canonical;
}

std::string SignedNames(std::span<const HeaderField> canonical) {
  std::string names;
  for (const auto& header : canonical) names.append(names.empty() ? "" : ";").append(header.name);
  return names;
}

// Pairs sorted by name and value; a name alone gets its "=".
std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty()) pairs.emplace_back(pair.substr(0, equals), value);
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  return out;
}

// 2015-08-30T12:36:00Z as "20150830T123600Z".
std::string AmzDate(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto digits = [](auto number, int width) {
    std::string text = std::to_string(static_cast<long long>(number));
    return std::string(static_cast<std::size_t>(std::max(0, width - static_cast<int>(text.size()))), '0') + text;
  };
  return digits(static_cast<int>(date.year()), 4) + digits(static_cast<unsigned>(date.month()), 2) +
         digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(clock.hours().count(), 2) +
         digits(clock.minutes().count(), 2) + digits(clock.seconds().count(), 2) + "Z";
}

std::string Hmac(std::string_view key, std::string_view text) {
  return std::string(crypto::AsText(crypto::HmacSha256(key, text)));
}

std::string SigningKey(std::string_view secret, std::string_view day, const Scope& scope) {
  const auto for_day = Hmac("AWS4" + std::string(secret), day);
  const auto for_region = Hmac(for_day, scope.region);
  const auto for_service = Hmac(for_region, scope.service);
  return Hmac(for_service, kTerminator);
}

}  // namespace

std::string CanonicalRequest(const UnsignedRequest& request, std::span<const HeaderField> headers) {
  const auto canonical = CanonicalHeaders(headers);
  std::string text(request.method);
  text.append("\n").append(codec::text::PercentEncode(request.path.empty() ? "/" : request.path, "/"));
  text.append("\n").append(CanonicalQuery(request.query)).append("\n");
  for (const auto& header : canonical) text.append(header.name).append(":").append(header.value).append("\n");
  return text.append("\n").append(SignedNames(canonical)).append("\n").append(HexSha256(request.body));
}

std::vector<HeaderField> Sign(const UnsignedRequest& request, const Credentials& credentials, const Scope& scope,
                              std::int64_t unix_seconds) {
  const auto date = AmzDate(unix_seconds);
  const auto day = date.substr(0, date.find('T'));
  std::vector<HeaderField> added{{"x-amz-date", date}};
  if (request.body_hash == BodyHash::kSent) added.push_back({"x-amz-content-sha256", HexSha256(request.body)});
  if (!credentials.session_token.empty()) {
    added.push_back({"x-amz-security-token", std::string(credentials.session_token)});
  }
  std::vector<HeaderField> all(request.headers.begin(), request.headers.end());
  all.insert(all.end(), added.begin(), added.end());

  const std::string where =
      day + "/" + std::string(scope.region) + "/" + std::string(scope.service) + "/" + std::string(kTerminator);
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + date + "\n" + where + "\n" + HexSha256(CanonicalRequest(request, all));
  const auto signature = crypto::HexEncode(Hmac(SigningKey(credentials.secret_access_key, day, scope), to_sign));
  added.push_back({"authorization", std::string(kAlgorithm) + " Credential=" + std::string(credentials.access_key_id) +
                                        "/" + where + ", SignedHeaders=" + SignedNames(CanonicalHeaders(all)) +
                                        ", Signature=" + signature});
  return added;
}

}  // namespace gatehouse::codec::aws
