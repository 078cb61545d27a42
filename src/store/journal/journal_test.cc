#include "store/journal/journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "store/sqlite/test_folder.h"

namespace gatehouse::store {
namespace {

using State = Journal::State;

constexpr Journal::Options kSmall = {.slots = 8, .intent_bytes = 64, .outcome_bytes = 56};

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> Open(const Journal::Options& options = kSmall) {
    auto journal = Journal::Open(folder_.file(), options);
    EXPECT_TRUE(journal.ok()) << (journal.ok() ? "" : journal.error().detail + journal.error().public_message);
    return journal.ok() ? std::move(journal).value() : nullptr;
  }
  sqlite::TestFolder folder_;
};

TEST_F(JournalTest, TellsWhatAnEarlierProcessDidNotFree) {
  std::int64_t id = 0;
  {
    const auto journal = Open();
    id = journal->id();
    EXPECT_TRUE(journal->Recover().entries.empty());
    auto share = journal->ShareOf(0, 1);
    const auto intended = share.Take();
    const auto done = share.Take();
    const auto freed = share.Take();
    ASSERT_TRUE(intended && done && freed);
    share.Intend(*intended, "may cost a dollar");
    share.Intend(*done, "may cost two");
    share.Finish(*done, "cost one");
    share.Intend(*freed, "x");
    share.Free(freed->slot);
  }
  const auto journal = Open();
  EXPECT_EQ(journal->id(), id);
  const auto found = journal->Recover();
  ASSERT_EQ(found.entries.size(), 2U);
  EXPECT_EQ(found.damaged, 0U);
  EXPECT_EQ(found.entries[0].state, State::kIntended);
  EXPECT_EQ(found.entries[0].intent, "may cost a dollar");
  EXPECT_EQ(found.entries[1].state, State::kDone);
  EXPECT_EQ(found.entries[1].intent, "may cost two");
  EXPECT_EQ(found.entries[1].outcome, "cost one");
  auto share = journal->ShareOf(0, 1);
  EXPECT_EQ(share.available(), 6U);
  EXPECT_GT(share.Take()->number, 3) << "numbers are never used again";
}

TEST_F(JournalTest, SurvivesAKilledProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = Journal::Open(folder_.file(), kSmall);
    if (!journal.ok()) ::_exit(1);
    auto share = journal.value()->ShareOf(0, 1);
    share.Intend(*share.Take(), "under way");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto found = Open()->Recover();
  ASSERT_EQ(found.entries.size(), 1U);
}

TEST_F(JournalTest, IsForOneProcessAtATime) {
  const auto journal = Open();
  const auto second = Journal::Open(folder_.file(), kSmall);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::ErrorCode::kConflict);
}

TEST_F(JournalTest, SaysWhenAllSlotsAreInUse) {
  const auto journal = Open();
  auto first = journal->ShareOf(0, 2);
  auto second = journal->ShareOf(1, 2);
  std::set<std::uint32_t> slots;
  std::set<std::int64_t> numbers;
  for (auto* share : {&first, &second}) {
    for (int i = 0; i < 4; ++i) {
      const auto ticket = share->Take();
      ASSERT_TRUE(ticket);
      slots.insert(ticket->slot);
      numbers.insert(ticket->number);
    }
    EXPECT_FALSE(share->Take());
  }
  EXPECT_EQ(slots.size(), 8U);
  EXPECT_EQ(numbers.size(), 8U);
}

TEST_F(JournalTest, CutsTextsThatAreTooLong) {
  const auto journal = Open();
  auto share = journal->ShareOf(0, 1);
  const auto ticket = share.Take();
  share.Intend(*ticket, std::string(1000, 'y'));
  share.Finish(*ticket, std::string(1000, 'x'));
  share.Finish(*share.Take(), "its neighbour");
  const auto found = journal->Recover();
  ASSERT_EQ(found.entries.size(), 2U);
  EXPECT_EQ(found.entries[0].intent, std::string(journal->intent_bytes(), 'y'));
  EXPECT_EQ(found.entries[0].outcome, std::string(journal->outcome_bytes(), 'x'));
  EXPECT_EQ(found.entries[1].outcome, "its neighbour");
}

TEST_F(JournalTest, WhatIsTornIsToldAndFreed) {
  {
    const auto journal = Open();
    auto share = journal->ShareOf(0, 1);
    const auto only_intent = share.Take();
    const auto both = share.Take();
    share.Intend(*only_intent, "first");
    share.Intend(*both, "second");
    share.Finish(*both, "OUTCOME");
  }
  std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  for (const char* text : {"first", "OUTCOME"}) bytes[bytes.find(text)] = '?';
  file.clear();
  file.seekp(0);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();

  const auto journal = Open();
  const auto found = journal->Recover();
  EXPECT_EQ(found.damaged, 1U);
  ASSERT_EQ(found.entries.size(), 1U);
  EXPECT_EQ(found.entries[0].state, State::kIntended) << "what was intended is what is known";
  EXPECT_EQ(found.entries[0].intent, "second");
}

TEST_F(JournalTest, WhatIsNoJournalIsRefusedAndLeftAlone) {
  for (const std::string& text : {std::string("SQLite format 3"), std::string(10'000, 'x'), std::string("GHJRNL02"),
                                  "GHJRNL01" + std::string(9'000, '\1')}) {
    std::ofstream(folder_.file(), std::ios::binary) << text;
    const auto journal = Journal::Open(folder_.file(), kSmall);
    ASSERT_FALSE(journal.ok());
    EXPECT_EQ(journal.error().code, base::ErrorCode::kConflict);
    std::ifstream file(folder_.file(), std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  }
  // One whose making was interrupted is made again.
  std::filesystem::resize_file(folder_.file(), 0);
  std::filesystem::resize_file(folder_.file(), 100);
  EXPECT_NE(Open(), nullptr);
}

TEST_F(JournalTest, SaysWhereItCannotBe) {
  const auto journal = Journal::Open("/nonexistent/journal", kSmall);
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().code, base::ErrorCode::kUnavailable);
}

TEST_F(JournalTest, CanBeMadeSafeFromTheMachinesEnd) { EXPECT_TRUE(Open()->Sync().ok()); }

}  // namespace
}  // namespace gatehouse::store
