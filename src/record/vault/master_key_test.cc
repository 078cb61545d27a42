#include "record/vault/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "record/vault/test_folder.h"

namespace gatehouse::record::vault {
namespace {

const std::string kHex(64, 'a');

class MasterKeyTest : public testing::Test {
 protected:
  std::filesystem::path Write(const std::string& text, ::mode_t mode = 0600) const {
    const auto path = folder_.path() / "master";
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static base::Result<MasterKey> Load(const MasterKeySource& source) {
    return LoadMasterKey(source, base::SystemClock());
  }
  static base::Result<MasterKey> Shell(const std::string& script, base::Duration deadline = std::chrono::seconds(30)) {
    return Load(MasterKeyCommand{.words = {"/bin/sh", "-c", script}, .deadline = deadline});
  }

  TestFolder folder_;
};

TEST_F(MasterKeyTest, ReadsEveryFormOfTheSameKey) {
  const std::string raw(32, '\xaa');
  const std::string fingerprint = Load(MasterKeyFile{Write(kHex)}).value().fingerprint();
  EXPECT_EQ(Load(MasterKeyFile{Write(raw)}).value().fingerprint(), fingerprint);
  EXPECT_EQ(Load(MasterKeyFile{Write(" \n" + kHex + "\r\n")}).value().fingerprint(), fingerprint);
  EXPECT_EQ(Load(MasterKeyFile{Write("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n")}).value().fingerprint(),
            fingerprint);
  EXPECT_EQ(Load(MasterKeyFile{Write(kHex)}).value().Reveal(), raw);
}

TEST_F(MasterKeyTest, RefusesWhatIsNoKeyWithoutSayingWhatItIs) {
  for (const std::string& text :
       {std::string(""), std::string("  \n"), std::string(63, 'a'), std::string("hunter2"), std::string(5000, 'a')}) {
    const auto key = Load(MasterKeyFile{Write(text)});
    ASSERT_FALSE(key.ok());
    EXPECT_EQ(key.error().public_message.find("hunter2"), std::string::npos);
  }
}

TEST_F(MasterKeyTest, AFileThatOthersMayReadIsRefused) {
  const auto key = Load(MasterKeyFile{Write(kHex, 0640)});
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code, base::ErrorCode::kDenied);
}

TEST_F(MasterKeyTest, AnAbsentFileIsMadeWhereThatIsWanted) {
  const auto path = folder_.path() / "new" / "master";
  EXPECT_EQ(Load(MasterKeyFile{path}).error().code, base::ErrorCode::kNotFound);
  const MasterKeyFile source = {.path = path, .if_absent = MasterKeyFile::IfAbsent::kMake};
  const std::string made = Load(source).value().fingerprint();
  EXPECT_EQ(Load(source).value().fingerprint(), made);
  EXPECT_EQ(Load(MasterKeyFile{path}).value().fingerprint(), made);
}

TEST_F(MasterKeyTest, ReadsAVariable) {
  ::setenv("GH_TEST_MASTER_KEY", kHex.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  EXPECT_TRUE(Load(MasterKeyVariable{"GH_TEST_MASTER_KEY"}).ok());
  ::unsetenv("GH_TEST_MASTER_KEY");  // NOLINT(concurrency-mt-unsafe): one thread
  EXPECT_EQ(Load(MasterKeyVariable{"GH_TEST_MASTER_KEY"}).error().code, base::ErrorCode::kNotFound);
}

TEST_F(MasterKeyTest, AsksACommand) {
  EXPECT_TRUE(Shell("echo " + kHex).ok());
  EXPECT_TRUE(Shell("exec 1>&-; exit 0").error().public_message.find("32 bytes") != std::string::npos);
  const auto refused = Shell("echo " + kHex + "; exit 3");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().public_message.find("with status 3"), std::string::npos);
  EXPECT_EQ(refused.error().public_message.find(kHex), std::string::npos);
  EXPECT_EQ(Load(MasterKeyCommand{{"/nonexistent/program"}}).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(Load(MasterKeyCommand{{"sh"}}).error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_EQ(Load(MasterKeyCommand{}).error().code, base::ErrorCode::kInvalidRequest);
}

TEST_F(MasterKeyTest, ACommandIsEndedAtItsDeadlineAndWhenItTalksTooMuch) {
  EXPECT_EQ(Shell("cat /dev/zero").error().code, base::ErrorCode::kInvalidRequest);
  // What it started holds the pipe open; without the deadline this would take a minute.
  EXPECT_EQ(Shell("cat < /dev/null; exec tail -f /dev/null", std::chrono::milliseconds(50)).error().code,
            base::ErrorCode::kTimeout);
}

class FindingTheMasterKey : public MasterKeyTest {
 protected:
  static MasterKeySource Key(char digit) {
    return MasterKeyCommand{.words = {"/bin/sh", "-c", "echo " + std::string(64, digit)}};
  }
  static std::string Fingerprint(char digit) { return Load(Key(digit)).value().fingerprint(); }
  static base::Result<FittingMasterKey> Find(const MasterKeySources& sources, std::optional<std::string> fingerprint) {
    return FindMasterKey(sources, fingerprint, base::SystemClock());
  }
  using Which = FittingMasterKey::Which;
};

TEST_F(FindingTheMasterKey, TakesThePreviousOneWhereTheCurrentOneDoesNotFit) {
  const MasterKeySources both = {.current = Key('a'), .previous = Key('b')};
  EXPECT_EQ(Find(both, std::nullopt).value().key.fingerprint(), Fingerprint('a'));
  EXPECT_EQ(Find(both, Fingerprint('a')).value().which, Which::kCurrent);
  const auto previous = Find(both, Fingerprint('b'));
  EXPECT_EQ(previous.value().which, Which::kPrevious);
  EXPECT_EQ(previous.value().key.fingerprint(), Fingerprint('b'));
}

TEST_F(FindingTheMasterKey, AsksForThePreviousOneOnlyWhereItMatters) {
  const MasterKeySources both = {.current = Key('a'), .previous = MasterKeyFile{folder_.path() / "gone"}};
  EXPECT_TRUE(Find(both, Fingerprint('a')).ok());
  EXPECT_EQ(Find(both, Fingerprint('b')).error().code, base::ErrorCode::kNotFound);
}

TEST_F(FindingTheMasterKey, NamesAllWhereNoneFits) {
  const auto none = Find({.current = Key('a'), .previous = Key('b')}, Fingerprint('c'));
  EXPECT_EQ(none.error().code, base::ErrorCode::kConflict);
  for (const char digit : {'a', 'b', 'c'}) {
    EXPECT_NE(none.error().public_message.find(Fingerprint(digit)), std::string::npos);
    EXPECT_EQ(none.error().public_message.find(std::string(64, digit)), std::string::npos);
  }
}

// Another key for a vault that is there would open nothing of it.
TEST_F(FindingTheMasterKey, MakesNoneWhereThereIsAVault) {
  const auto path = folder_.path() / "absent";
  const MasterKeySource made = MasterKeyFile{.path = path, .if_absent = MasterKeyFile::IfAbsent::kMake};
  EXPECT_EQ(Find({.current = made, .previous = {}}, Fingerprint('a')).error().code, base::ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(Find({.current = made, .previous = {}}, std::nullopt).ok());
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace gatehouse::record::vault
