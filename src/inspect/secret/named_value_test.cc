#include "inspect/secret/named_value.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::inspect::secret {
namespace {

// The value that is found behind `word`, or "".
std::string Value(std::string_view text, std::string_view word) {
  const std::size_t end = text.find(word) + word.size();
  const auto value = NamedValueAt(text, end, ReadAssignment(text, end));
  return value ? std::string(text.substr(value->span.begin, value->span.size())) : "";
}

Assignment::State StateOf(std::string_view text, std::string_view word) {
  return ReadAssignment(text, text.find(word) + word.size()).state;
}

TEST(MeaningOf, ReadsTheWordsOfAName) {
  for (const char* name : {"api_key", "apiKey", "X-API-KEY", "access_token", "clientSecret", "mySecretString",
                           "AUTH_TOKEN_2", "Authorization"}) {
    EXPECT_EQ(MeaningOf(name), NameMeaning::kSecret) << name;
  }
  for (const char* name : {"password", "DB_PASSWORD", "dbPasswd", "spring.datasource.password", "passphrase"}) {
    EXPECT_EQ(MeaningOf(name), NameMeaning::kPassword) << name;
  }
  for (const char* name : {"key", "mapping-key"}) EXPECT_EQ(MeaningOf(name), NameMeaning::kKey) << name;
  for (const char* name :
       {"public_key", "tokenizer", "token_count", "secretName", "keyboard", "csrf_token", "max_tokens", "password_hash",
        "eos_token", "monkey", "author", "next_page_token", "passwordField"}) {
    EXPECT_EQ(MeaningOf(name), NameMeaning::kNothing) << name;
  }
}

TEST(NamedValueAt, FindsWhatIsAssigned) {
  EXPECT_EQ(Value("API_KEY=Zx8kQ2vLr5TnW0pYc7Hd", "KEY"), "Zx8kQ2vLr5TnW0pYc7Hd");
  EXPECT_EQ(Value(R"({"client_secret": "6da89121079f83b2eb6acccf8219ea98"})", "secret"),
            "6da89121079f83b2eb6acccf8219ea98");
  EXPECT_EQ(Value(R"({\"token\": \"Zx8kQ2vLr5TnW0pYc7Hd\"})", "token"), "Zx8kQ2vLr5TnW0pYc7Hd");
  EXPECT_EQ(Value("secret := 'Zx8kQ2vLr5TnW0pYc7Hd'", "secret"), "Zx8kQ2vLr5TnW0pYc7Hd");
  EXPECT_EQ(Value("-H 'Authorization: Bearer Zx8kQ2vLr5TnW0pYc7Hd'", "Auth"), "Zx8kQ2vLr5TnW0pYc7Hd");
  EXPECT_EQ(Value("The api token is Zx8kQ2vLr5TnW0pYc7Hd.", "token"), "Zx8kQ2vLr5TnW0pYc7Hd");
  EXPECT_EQ(Value("DB_PASSWORD=\"kU7#pQ2!x\"", "PASSWORD"), "kU7#pQ2!x");
  EXPECT_EQ(Value("my password is zK9!mq, thanks", "password"), "zK9!mq");
}

TEST(NamedValueAt, LeavesAloneWhatIsNone) {
  for (const char* text :
       {"token = getToken(Zx8kQ2vLr5TnW0pYc7Hd)", "token = os.environ[\"Zx8kQ2\"]", "token: ${TOKEN_9f86d081884c}",
        "token: <your-token-0123>", "token_url = https://x9.example.net/9f86d081884c7d65",
        "token, Zx8kQ2vLr5TnW0pYc7Hd", "token = app-decryption-secret-v2", "tokens = 9f86d081884c7d659a2feaa0c55ad015",
        "token: /run/secrets/a9b8c7d6e5", "token = eyJhbGciOiJSUzI1NiIs...", "token: 12345678901234567890"}) {
    EXPECT_EQ(Value(text, "token"), "") << text;
  }
  for (const char* text :
       {"password: password123", "password = your_password1", "password is required", "password: test1234!"}) {
    EXPECT_EQ(Value(text, "password"), "") << text;
  }
}

TEST(ReadAssignment, SaysWhenMoreMayCome) {
  for (const char* text : {"token", "token ", "token for th", "token_2 = ", "token\": \"", "token is ", "token: Bea"}) {
    EXPECT_EQ(StateOf(text, "token"), Assignment::State::kOpen) << text;
  }
  for (const char* text : {"token) and", "token; then", "token that has been given to us in the mail"}) {
    EXPECT_EQ(StateOf(text, "token"), Assignment::State::kNone) << text;
  }
}

}  // namespace
}  // namespace gatehouse::inspect::secret
