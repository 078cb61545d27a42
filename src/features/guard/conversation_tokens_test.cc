#include "features/guard/conversation_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/fake/fake_loop.h"
#include "store/memory/memory_key_value.h"
#include "store/memory/test_unsteady_store.h"

namespace gatehouse::features::guard {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

base::Secret Key(std::string text) { return base::Secret(std::move(text)); }

std::vector<std::string> TextsOf(const TokenMap& tokens) {
  std::vector<std::string> texts;
  for (const TokenMap::Known& known : tokens.All()) texts.emplace_back(known.text);
  return texts;
}

class Conversations : public ::testing::Test {
 protected:
  TokenMap Recall(std::string conversation) {
    TokenMap tokens(Key(conversation));
    loop_.Await(tokens_.Recall(Key(std::move(conversation)), tokens, net::Deadline::Never()));
    return tokens;
  }
  void Keep(std::string conversation, const TokenMap& tokens) {
    loop_.Await(tokens_.Keep(Key(std::move(conversation)), tokens, net::Deadline::Never()));
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  store::memory::SharedValues values_{clock_, {.bytes = 300'000}};
  store::memory::MemoryKeyValue store_{loop_, values_};
  base::Metrics metrics_{{ConversationsDeclaration()}, 1};
  ConversationTokens tokens_{loop_, store_, metrics_.Counter(0, 0), std::chrono::hours(1)};
};

TEST_F(Conversations, AreRecalledWithTheSameTokens) {
  TokenMap before(Key("a"));
  std::vector<std::string> made;
  for (int i = 0; i < 200; ++i) made.push_back(*before.TokenOf("EMAIL_ADDRESS", "text " + std::to_string(i)));
  made.push_back(*before.TokenOf("P", std::string("with \0 in it", 12)));
  Keep("a", before);
  TokenMap after = Recall("a");
  EXPECT_EQ(TextsOf(after), TextsOf(before));
  for (const std::string& token : made) {
    ASSERT_EQ(after.Find(token, 0).size(), 1U);
    EXPECT_EQ(after.Find(token, 0)[0].text, before.Find(token, 0)[0].text);
  }
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(gatehouse_guard_conversations_total{outcome="recalled"} 1)"));
}

TEST_F(Conversations, KnowNothingOfEachOther) {
  TokenMap tokens(Key("a"));
  tokens.TokenOf("PERSON", "Anna");
  Keep("a", tokens);
  EXPECT_TRUE(Recall("b").empty());
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(outcome="new"} 1)"));
}

TEST_F(Conversations, AreForgottenWhenTheyRest) {
  TokenMap tokens(Key("a"));
  tokens.TokenOf("PERSON", "Anna");
  Keep("a", tokens);
  clock_.Advance(std::chrono::minutes(59));
  EXPECT_FALSE(Recall("a").empty());
  Keep("a", tokens);
  clock_.Advance(std::chrono::minutes(59));
  EXPECT_FALSE(Recall("a").empty());
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_TRUE(Recall("a").empty());
}

TEST_F(Conversations, KeepTheLatestOfTooMuch) {
  TokenMap tokens(Key("a"));
  for (int i = 0; i < 30; ++i) tokens.TokenOf("NOTE", std::string(10'000, static_cast<char>('a' + i)));
  Keep("a", tokens);
  const auto texts = TextsOf(Recall("a"));
  EXPECT_EQ(texts.size(), 26U);
  EXPECT_EQ(texts.back().front(), 'a' + 29);
  Keep("b", tokens);
  EXPECT_TRUE(Recall("b").empty()) << "there is no room for two of them";
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(outcome="unkept"} 1)"));
}

// Remembers what was put in, and can be told what to give out.
class Glass final : public store::KeyValue {
 public:
  explicit Glass(store::KeyValue& under) : under_(under) {}
  net::Task<base::Result<std::optional<std::string>>> Get(std::string key, net::Deadline deadline) override {
    if (instead) co_return instead;
    co_return co_await under_.Get(std::move(key), deadline);
  }
  net::Task<base::Result<Stored>> Set(Entry entry, net::Deadline deadline) override {
    seen.push_back(entry);
    co_return co_await under_.Set(std::move(entry), deadline);
  }
  net::Task<base::Status> Delete(std::string key, net::Deadline deadline) override {
    co_return co_await under_.Delete(std::move(key), deadline);
  }
  net::Task<base::Result<Grant>> Take(Claim claim, net::Deadline deadline) override {
    co_return co_await under_.Take(std::move(claim), deadline);
  }
  net::Task<base::Result<Drawn>> Draw(Draft draft, net::Deadline deadline) override {
    co_return co_await under_.Draw(std::move(draft), deadline);
  }
  net::Task<base::Result<std::int64_t>> Count(std::string key, std::int64_t amount, base::Duration window,
                                              net::Deadline deadline) override {
    co_return co_await under_.Count(std::move(key), amount, window, deadline);
  }
  net::Task<base::Status> Publish(std::string channel, std::string message, net::Deadline deadline) override {
    co_return co_await under_.Publish(std::move(channel), std::move(message), deadline);
  }
  std::unique_ptr<Subscription> Subscribe(std::string channel, Listener& listener) override {
    return under_.Subscribe(std::move(channel), listener);
  }
  store::Health health() const override { return under_.health(); }

  std::vector<Entry> seen;
  std::optional<std::string> instead;

 private:
  store::KeyValue& under_;
};

TEST_F(Conversations, ShowNothingToWhoHasTheStore) {
  Glass glass(store_);
  ConversationTokens conversations(loop_, glass, metrics_.Counter(0, 0), std::chrono::hours(1));
  TokenMap tokens(Key("a"));
  tokens.TokenOf("PERSON", "Anna Schmidt");
  for (const char* name : {"a", "a", "b"}) {
    loop_.Await(conversations.Keep(Key(name), tokens, net::Deadline::Never()));
  }
  ASSERT_EQ(glass.seen.size(), 3U);
  for (const auto& entry : glass.seen) {
    EXPECT_THAT(entry.key + entry.value, Not(AnyOf(HasSubstr("Anna"), HasSubstr("PERSON"))));
    EXPECT_EQ(entry.ttl, std::chrono::hours(1));
  }
  EXPECT_EQ(glass.seen[0].key, glass.seen[1].key);
  EXPECT_NE(glass.seen[0].value, glass.seen[1].value) << "the same is sealed anew";
  EXPECT_NE(glass.seen[0].key, glass.seen[2].key);
  // What was put elsewhere, changed or cut opens for nobody.
  std::string changed = glass.seen[0].value;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  for (const std::string& other : {glass.seen[2].value, changed, glass.seen[0].value.substr(0, 20), std::string()}) {
    glass.instead = other;
    TokenMap read(Key("a"));
    loop_.Await(conversations.Recall(Key("a"), read, net::Deadline::Never()));
    EXPECT_TRUE(read.empty());
  }
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(outcome="unknown"} 4)"));
}

TEST_F(Conversations, DoNotWaitLongForAStore) {
  store::memory::UnsteadyStore unsteady(loop_, values_);
  ConversationTokens conversations(loop_, unsteady, metrics_.Counter(0, 0), std::chrono::hours(1));
  unsteady.state = store::memory::UnsteadyStore::State::kHangs;
  TokenMap tokens(Key("a"));
  const auto began = loop_.Now();
  loop_.AwaitFor(conversations.Recall(Key("a"), tokens, net::Deadline::Never()), std::chrono::seconds(10));
  EXPECT_EQ(loop_.Now() - began, ConversationTokens::kLongestWait);
  tokens.TokenOf("PERSON", "Anna");
  const auto later = loop_.Now();
  loop_.AwaitFor(conversations.Keep(Key("a"), tokens, loop_.In(std::chrono::milliseconds(40))),
                 std::chrono::seconds(10));
  EXPECT_EQ(loop_.Now() - later, std::chrono::milliseconds(40));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(outcome="unknown"} 1)"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(outcome="unkept"} 1)"));
}

TEST_F(Conversations, TakeNothingOfWhatIsBroken) {
  TokenMap tokens(Key("a"));
  tokens.TokenOf("PERSON", "Anna Schmidt");
  const std::string packed = PackTexts(tokens.All());
  for (std::size_t size = 2; size < packed.size(); ++size) {
    TokenMap read(Key("a"));
    EXPECT_EQ(UnpackTexts(std::string_view(packed).substr(0, size), read), Unpacked::kNothing) << size;
    EXPECT_TRUE(read.empty());
  }
  TokenMap read(Key("a"));
  EXPECT_EQ(UnpackTexts(packed, read), Unpacked::kAll);
  EXPECT_EQ(TextsOf(read), TextsOf(tokens));
}

}  // namespace
}  // namespace gatehouse::features::guard
