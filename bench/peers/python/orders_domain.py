"""The orders as an application with pyeventsourcing would have them: an aggregate, its events, a repository."""

from eventsourcing.domain import Aggregate

import fold


class Order(Aggregate):
    """Each event folds itself into the aggregate's state by the same function that the hand-written peer uses."""

    class Event(Aggregate.Event):
        def apply(self, aggregate):
            fold.FOLDS[type(self).__name__](aggregate.state, self.__dict__)

    class OrderPlaced(Event, Aggregate.Created):
        def apply(self, aggregate):
            aggregate.state = fold.State()
            fold.order_placed(aggregate.state, self.__dict__)

    class ItemAdded(Event):
        pass

    class ItemRemoved(Event):
        pass

    class DiscountApplied(Event):
        pass

    class PaymentFailed(Event):
        pass

    class PaymentAuthorised(Event):
        pass

    class PaymentCaptured(Event):
        pass

    class OrderShipped(Event):
        pass

    class OrderDelivered(Event):
        pass

    class ReturnRequested(Event):
        pass

    class OrderReturned(Event):
        pass

    class RefundIssued(Event):
        pass

    class AddressChanged(Event):
        pass

    class OrderCancelled(Event):
        pass
