//! What long work does, by names: the window has the words.

use refold_core::work::Phase;
use serde::{Deserialize, Serialize};
use specta::Type;

macro_rules! mirrored {
    ($($name:ident,)*) => {
        /// What long work does at a time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
        #[serde(rename_all = "camelCase")]
        pub enum PhaseWire {
            $($name,)*
        }

        impl From<Phase> for PhaseWire {
            fn from(phase: Phase) -> PhaseWire {
                match phase {
                    $(Phase::$name => PhaseWire::$name,)*
                }
            }
        }
    };
}

// The match above holds it to the list of the core.
mirrored! {
    ReadingEvents,
    ReadingTheStream,
    ReadingPayloads,
    ReadingThePayload,
    ReadingTheField,
    ReadingTheFile,
    ReadingTheReadModel,
    ReadingTheLeftStore,
    ReadingTheRightStore,
    ReadingTheSample,
    ReadingOccurredTimes,
    ReadingWhatDiffers,
    Unpacking,
    CopyingTheDatabase,
    CopyingItsLog,
    CopyingPayloads,
    HoldingTheCopyAgainstTheStore,
    ComparingWithTheIndex,
    CountingEvents,
    CountingEventsByCategory,
    ChoosingEvents,
    SortingEvents,
    MarkingEvents,
    IndexingIds,
    IndexingPayloads,
    Searching,
    Folding,
    FoldingRanges,
    FoldingBothLines,
    FoldingTheSample,
    FoldingWhatDiffers,
    FoldingWhatIsKnown,
    LeavingEventsOut,
    AskingEvents,
    SendingThroughUpcasters,
    LookingForAChange,
    LookingForIdsNearby,
    LookingForTheStreamsOfACorrelation,
    LookingForTheFirstEvents,
    LookingForTheEvent,
    LookingForTheEvents,
    LookingForThePerson,
    LookingAtTheEvents,
    LookingAtWhatIsAround,
    TryingSmallerHistories,
    CheckingInvariants,
    CheckingTheStreams,
    CheckingTheSeal,
    RunningTestCases,
    ComparingIds,
    ComparingEventByEvent,
    ComparingTheOrder,
    ComparingStreams,
    ComparingThePages,
    ComparingTheTables,
    ExplainingRows,
    Explaining,
    Anchoring,
    Proving,
    Verifying,
    VerifyingTheCopy,
    VerifyingTheChain,
    HashingTheStore,
    HashingTheStoreAgain,
    FollowingTheChain,
    WritingTheCase,
    WritingTheEvents,
    WritingThePages,
    MakingTheSampleStore,
    OpeningTheOtherStore,
    WaitingForAnotherIndexing,
    Starting,
}
