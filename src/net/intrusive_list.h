#pragma once

namespace gatehouse::net::internal {

// A node of a circular list, or its sentinel. Linked in at most one list; unlinks itself when destroyed, in O(1) and
// without knowing the list. Not thread-safe.
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Unlink(); }

  bool linked() const { return next_ != this; }
  void Unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

  // As a sentinel.
  bool empty() const { return next_ == this; }
  ListNode* front() const { return next_; }
  void PushBack(ListNode& node) {
    node.Unlink();
    node.previous_ = previous_;
    node.next_ = this;
    previous_->next_ = &node;
    previous_ = &node;
  }
  // Appends all nodes of `other` and leaves it empty.
  void Splice(ListNode& other) {
    if (other.empty()) return;
    other.next_->previous_ = previous_;
    other.previous_->next_ = this;
    previous_->next_ = other.next_;
    previous_ = other.previous_;
    other.previous_ = other.next_ = &other;
  }
  // The one node in the same list, or nullptr: tells an unlinking node that it leaves an empty list behind.
  ListNode* only_neighbour() const { return next_ == previous_ ? next_ : nullptr; }

 private:
  ListNode* previous_ = this;
  ListNode* next_ = this;
};

}  // namespace gatehouse::net::internal
