#include "record/vault/blob.h"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "codec/crypto/hkdf.h"
#include "codec/crypto/random.h"
#include "codec/gzip/zlib_stream.h"

namespace gatehouse::record::vault {
namespace {

using std::string_view_literals::operator""sv;

// The labels and the magic are part of the format.
constexpr std::string_view kMagic = "AGB1\x01\0\0\0"sv;  // the fifth byte says AES-256-GCM
constexpr std::string_view kKeyLabel = "aigw/blob/v1/";
constexpr std::string_view kCommitmentLabel = "aigw/commit/v1\0"sv;
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kFrameBytes = kSaltBytes + 4;
constexpr std::size_t kPadding = 256;
constexpr std::uint32_t kCompressed = 1U << 31U;
constexpr std::size_t kMaxRatio = 1040;  // zlib makes nothing smaller than a 1032nd

void AppendNumber(std::string& out, std::uint32_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>(number >> shift & 0xFFU));
}

std::uint32_t NumberAt(std::string_view bytes, std::size_t offset) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(offset, 4)) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

std::size_t Padded(std::size_t size) { return (size + kPadding - 1) / kPadding * kPadding; }

base::Secret DataKey(const SubjectKey& key, const RecordId& record, std::string_view field) {
  GH_CHECK(key.secret.Reveal().size() == codec::crypto::kAesKeyBytes);
  return codec::crypto::HkdfSha256(key.secret, record.text(), std::string(kKeyLabel).append(field),
                                   codec::crypto::kAesKeyBytes);
}

codec::crypto::Digest PayloadCommitment(std::string_view salt, std::string_view field, std::string_view payload) {
  std::string message(kCommitmentLabel);
  message.reserve(message.size() + field.size() + 1 + payload.size());
  message.append(field).push_back('\0');
  message.append(payload);
  const auto commitment = codec::crypto::HmacSha256(salt, message);
  explicit_bzero(message.data(), message.size());
  return commitment;
}

// Length and bytes of the payload, compressed where that pays.
std::string Framed(std::string_view salt, std::string_view payload) {
  const std::string compressed = payload.size() < kPadding ? "" : codec::gzip::ZlibCompress(payload);
  const bool smaller =
      !compressed.empty() && Padded(kFrameBytes + 4 + compressed.size()) < Padded(kFrameBytes + payload.size());
  std::string frame(salt);
  frame.reserve(Padded(kFrameBytes + 4 + (smaller ? compressed : payload).size()));
  if (smaller) {
    AppendNumber(frame, kCompressed | static_cast<std::uint32_t>(compressed.size() + 4));
    AppendNumber(frame, static_cast<std::uint32_t>(payload.size()));
    frame.append(compressed);
  } else {
    AppendNumber(frame, static_cast<std::uint32_t>(payload.size()));
    frame.append(payload);
  }
  frame.resize(Padded(frame.size()));
  return frame;
}

base::Error NotThisFormat() { return base::InvalidRequest("the frame inside the blob is not of this format"); }

base::Result<std::string> PayloadOf(std::string_view frame) {
  if (frame.size() < kFrameBytes || frame.size() % kPadding != 0) return NotThisFormat();
  const std::uint32_t word = NumberAt(frame, kSaltBytes);
  std::string_view stored = frame.substr(kFrameBytes);
  const std::size_t size = word & ~kCompressed;
  if (size > stored.size() || stored.size() - size >= kPadding) return NotThisFormat();
  if (stored.find_first_not_of('\0', size) != std::string_view::npos) return NotThisFormat();
  stored = stored.substr(0, size);
  if ((word & kCompressed) == 0) return std::string(stored);
  if (stored.size() < 4) return NotThisFormat();
  const std::size_t whole = NumberAt(stored, 0);
  if (whole > kMaxPayloadBytes || whole > stored.size() * kMaxRatio) return NotThisFormat();
  auto payload = codec::gzip::ZlibUncompress(stored.substr(4), whole);
  if (!payload) return NotThisFormat();
  return std::move(*payload);
}

base::Result<OpenedBlob> TakenFrom(std::string_view frame, std::string_view field, std::string_view blob) {
  OpenedBlob opened;
  GH_TRY(opened.payload, PayloadOf(frame));
  opened.commitments = {.blob = codec::crypto::Sha256(blob),
                        .payload = PayloadCommitment(frame.substr(0, kSaltBytes), field, opened.payload)};
  return opened;
}

std::string HeaderOf(const SubjectKey& key, const RecordId& record, const BlobSalts& salts, std::size_t sealed) {
  std::string header(kMagic);
  header.append(key.id.text()).append(record.text()).append(salts.nonce.data(), salts.nonce.size());
  AppendNumber(header, static_cast<std::uint32_t>(sealed));
  GH_CHECK(header.size() == kBlobHeaderBytes);
  return header;
}

}  // namespace

bool IsField(std::string_view field) {
  return !field.empty() && field.size() <= kMaxFieldBytes && std::ranges::all_of(field, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

BlobSalts BlobSalts::Draw() {
  BlobSalts salts{};
  const std::string bytes = codec::crypto::RandomBytes(salts.nonce.size() + salts.commitment.size());
  std::copy_n(bytes.data(), salts.nonce.size(), salts.nonce.data());
  std::copy_n(bytes.data() + salts.nonce.size(), salts.commitment.size(), salts.commitment.data());
  return salts;
}

base::Result<BlobHeader> ParseBlobHeader(std::string_view blob) {
  if (blob.size() < kBlobHeaderBytes || !blob.starts_with(kMagic)) return base::InvalidRequest("this is no blob");
  constexpr std::size_t kKeyAt = 8;
  constexpr std::size_t kRecordAt = 24;
  constexpr std::size_t kNonceAt = 40;
  constexpr std::size_t kSizeAt = 52;
  const BlobHeader header = {.key = *KeyId::Of(blob.substr(kKeyAt, KeyId::kBytes)),
                             .record = *RecordId::Of(blob.substr(kRecordAt, RecordId::kBytes)),
                             .nonce = blob.substr(kNonceAt, codec::crypto::kGcmNonceBytes),
                             .sealed = blob.substr(kBlobHeaderBytes)};
  if (header.sealed.size() != NumberAt(blob, kSizeAt) || blob.size() > kMaxBlobBytes ||
      header.sealed.size() < codec::crypto::kGcmTagBytes + kPadding ||
      (header.sealed.size() - codec::crypto::kGcmTagBytes) % kPadding != 0) {
    return base::InvalidRequest("the blob is cut short, or longer than it says");
  }
  return header;
}

SealedBlob SealBlob(const SubjectKey& key, const RecordId& record, std::string_view field, std::string_view payload,
                    const BlobSalts& salts) {
  GH_CHECK(IsField(field) && payload.size() <= kMaxPayloadBytes);
  const std::string_view salt(salts.commitment.data(), salts.commitment.size());
  std::string frame = Framed(salt, payload);
  SealedBlob blob;
  blob.bytes = HeaderOf(key, record, salts, frame.size() + codec::crypto::kGcmTagBytes);
  const std::string associated = std::string(blob.bytes).append(field);
  const base::Secret data_key = DataKey(key, record, field);
  blob.bytes.append(
      codec::crypto::SealAesGcm(data_key.Reveal(), {salts.nonce.data(), salts.nonce.size()}, associated, frame));
  explicit_bzero(frame.data(), frame.size());
  blob.commitments = {.blob = codec::crypto::Sha256(blob.bytes), .payload = PayloadCommitment(salt, field, payload)};
  return blob;
}

base::Result<OpenedBlob> OpenBlob(const SubjectKey& key, std::string_view field, std::string_view blob) {
  GH_TRY(const BlobHeader header, ParseBlobHeader(blob));
  if (header.key != key.id) {
    return base::Error{.code = base::ErrorCode::kConflict,
                       .source = base::ErrorSource::kStore,
                       .public_message = "the blob belongs to another key"};
  }
  if (!IsField(field)) return base::InvalidRequest("no blob is of such a field");
  const base::Secret data_key = DataKey(key, header.record, field);
  const std::string associated = std::string(blob.substr(0, kBlobHeaderBytes)).append(field);
  auto frame = codec::crypto::OpenAesGcm(data_key.Reveal(), header.nonce, associated, header.sealed);
  if (!frame) return base::InvalidRequest("the blob was changed, or is not of this field");
  auto opened = TakenFrom(*frame, field, blob);
  explicit_bzero(frame->data(), frame->size());
  return opened;
}

}  // namespace gatehouse::record::vault
