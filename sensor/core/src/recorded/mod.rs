//! What the inventories claim.
