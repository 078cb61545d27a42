#include "features/identity/credential_router.h"

#include "codec/jose/jws.h"
#include "features/identity/key_text.h"
#include "features/identity/refusal.h"

namespace gatehouse::features::identity {

net::Task<CredentialRouter::Outcome> CredentialRouter::Authenticate(pipeline::Credential credential,
                                                                    base::WallTime now) {
  if (!credential.secret.empty()) return JudgeSecret(credential, now);
  if (certificates_ && !credential.spiffe_id.empty()) return certificates_->Authenticate(credential, now);
  return keys_->Authenticate(credential, now);
}

net::Task<CredentialRouter::Outcome> CredentialRouter::JudgeSecret(const pipeline::Credential& credential,
                                                                   base::WallTime now) {
  const bool signed_token = codec::jose::LooksLikeJws(credential.secret);
  if (signed_token && tokens_) return tokens_->Authenticate(credential, now);
  const bool only_a_key = !signed_token && (!tokens_ || !tokens_->Recognizes(credential.secret));
  return only_a_key ? keys_->Authenticate(credential, now) : JudgeAmbiguous(credential, now);
}

// A key, or else an opaque token, or a signed one where none is accepted.
net::Task<CredentialRouter::Outcome> CredentialRouter::JudgeAmbiguous(pipeline::Credential credential,
                                                                      base::WallTime now) {
  Outcome as_key = co_await keys_->Authenticate(credential, now);
  const bool unknown = !as_key.ok() && as_key.error().code == base::ErrorCode::kUnauthenticated &&
                       ShapeOf(credential.secret) == KeyShape::kForeign;
  if (!unknown) co_return as_key;
  if (tokens_) co_return co_await tokens_->Authenticate(credential, now);
  co_return Refusal("This looks like an access token, and this gateway accepts none. Send an API key of the gateway.");
}

}  // namespace gatehouse::features::identity
