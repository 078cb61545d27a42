#include "app/demo.h"

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/random.h"

namespace gatehouse::app {

std::string DemoConfig(std::string_view key_hash) {
  std::string yaml = R"(version: 1
listeners:
  - { name: public, address: 127.0.0.1, port: 8080 }
admin: { address: 127.0.0.1, port: 9090 }
expose_attempts: true
providers:
  - { name: simulated, kind: simulated }
models:
  - name: demo-small
    targets: [ { provider: simulated, model: demo-small } ]
  - name: demo-large
    targets: [ { provider: simulated, model: demo-large } ]
keys:
  - { name: demo, hash: ")";
  yaml.append(key_hash).append("\" }\n");
  return yaml;
}

std::string NewPassword() {
  return codec::crypto::Base64Encode(codec::crypto::RandomBytes(15), codec::crypto::Base64::kUrl);
}

std::string HashOf(std::string_view key) {
  return "sha256:" + codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256(key)));
}

std::string Welcome(std::string_view url, std::string_view admin_url, std::string_view key, std::string_view password) {
  std::string text = "\nGatehouse is serving on ";
  text.append(url).append("  (admin: ").append(admin_url).append(")\n\n");
  text.append("  API key         ").append(key).append("\n");
  text.append("  admin password  ").append(password).append("\n");
  text.append("  Both are shown this once; the next start makes new ones.\n\nTry it:\n\n");
  text.append("  curl ").append(url).append("/v1/chat/completions \\\n");
  text.append("    -H 'Authorization: Bearer ").append(key).append("' -H 'Content-Type: application/json' \\\n");
  text.append("    -d '{\"model\":\"demo-small\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n\n");
  text.append("  import OpenAI from 'openai';\n");
  text.append("  const client = new OpenAI({ baseURL: '")
      .append(url)
      .append("/v1', apiKey: '")
      .append(key)
      .append("' });\n");
  text.append(
      "  console.log(await client.chat.completions.create({ model: 'demo-small', messages: [{ role: 'user', content: "
      "'Hello!' }] }));\n\n");
  return text;
}

}  // namespace gatehouse::app
