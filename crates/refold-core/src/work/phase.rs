//! What long work does at a time.

/// Calls a macro with every [`Phase`] and its words: whoever needs the same list, such as what crosses to the window.
#[macro_export]
macro_rules! each_phase {
    ($then:ident) => {
        $then! {
            ReadingEvents = "reading events",
            ReadingTheStream = "reading the stream",
            ReadingPayloads = "reading payloads",
            ReadingThePayload = "reading the payload",
            ReadingTheField = "reading the field",
            ReadingTheFile = "reading the file",
            ReadingTheReadModel = "reading the read model",
            ReadingTheLeftStore = "reading the left store",
            ReadingTheRightStore = "reading the right store",
            ReadingTheSample = "reading the sample",
            ReadingOccurredTimes = "reading occurred times",
            ReadingWhatDiffers = "reading what differs",
            Unpacking = "unpacking",
            CopyingTheDatabase = "copying the database",
            CopyingItsLog = "copying its log",
            CopyingPayloads = "copying payloads",
            HoldingTheCopyAgainstTheStore = "holding the copy against the store",
            ComparingWithTheIndex = "comparing with the index",
            CountingEvents = "counting events",
            CountingEventsByCategory = "counting events by category",
            ChoosingEvents = "choosing events",
            SortingEvents = "sorting events",
            MarkingEvents = "marking events",
            IndexingIds = "indexing ids",
            IndexingPayloads = "indexing payloads",
            Searching = "searching",
            Folding = "folding",
            FoldingRanges = "folding ranges",
            FoldingBothLines = "folding both lines",
            FoldingTheSample = "folding the sample",
            FoldingWhatDiffers = "folding what differs",
            FoldingWhatIsKnown = "folding what is known",
            LeavingEventsOut = "leaving events out",
            AskingEvents = "asking events",
            SendingThroughUpcasters = "sending events through the upcasters",
            LookingForAChange = "looking for a change",
            LookingForIdsNearby = "looking for ids nearby",
            LookingForTheStreamsOfACorrelation = "looking for the streams of a correlation",
            LookingForTheFirstEvents = "looking for the first events",
            LookingForTheEvent = "looking for the event",
            LookingForTheEvents = "looking for the events",
            LookingForThePerson = "looking for the person",
            LookingAtTheEvents = "looking at the events",
            LookingAtWhatIsAround = "looking at what is around",
            TryingSmallerHistories = "trying smaller histories",
            CheckingInvariants = "checking invariants",
            CheckingTheStreams = "checking the streams",
            CheckingTheSeal = "checking the seal",
            RunningTestCases = "cases",
            ComparingIds = "comparing ids",
            ComparingEventByEvent = "comparing event by event",
            ComparingTheOrder = "comparing the order",
            ComparingStreams = "comparing streams",
            ComparingThePages = "comparing the pages",
            ComparingTheTables = "comparing the tables",
            ExplainingRows = "explaining rows",
            Explaining = "explaining",
            Anchoring = "anchoring",
            Proving = "proving",
            Verifying = "verifying",
            VerifyingTheCopy = "verifying the copy",
            VerifyingTheChain = "verifying the chain",
            HashingTheStore = "hashing the store",
            HashingTheStoreAgain = "hashing the store again",
            FollowingTheChain = "following the chain",
            WritingTheCase = "writing the case",
            WritingTheEvents = "writing the events",
            WritingThePages = "writing the pages",
            MakingTheSampleStore = "making the sample store",
            OpeningTheOtherStore = "opening the other store",
            WaitingForAnotherIndexing = "waiting for another Refold that indexes this store",
            Starting = "starting",
        }
    };
}

macro_rules! phases {
    ($($name:ident = $words:literal,)*) => {
        /// What long work does at a time. A face that is read in words of its own has them by these names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Phase {
            $($name,)*
        }

        impl Phase {
            /// As a terminal says it.
            pub fn words(self) -> &'static str {
                match self {
                    $(Phase::$name => $words,)*
                }
            }
        }
    };
}

each_phase!(phases);
