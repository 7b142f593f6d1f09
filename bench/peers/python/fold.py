"""The fold of fixtures/orders/README.md (order@1.1.0) by hand in Python; node/fold.mjs is the same line by line."""

STATUSES = [
    "none",
    "placed",
    "authorised",
    "paid",
    "shipped",
    "delivered",
    "return-requested",
    "returned",
    "refunded",
    "cancelled",
]


def cents(amount):
    return round(amount * 100)


class State:
    __slots__ = (
        "status",
        "customer_id",
        "currency",
        "address",
        "items",
        "total",
        "discount",
        "paid",
        "refunded",
        "failed_payments",
    )

    def __init__(self):
        self.status = "none"
        self.customer_id = None
        self.currency = None
        self.address = None
        self.items = {}
        self.total = 0
        self.discount = 0
        self.paid = 0
        self.refunded = 0
        self.failed_payments = 0


def order_placed(state, data):
    state.status = "placed"
    state.customer_id = data.get("customerId") or data["customer"]
    state.currency = data.get("currency", "EUR")
    state.address = data["address"]


def item_added(state, data):
    qty = data["qty"] if "qty" in data else data["quantity"]
    line = state.items.get(data["sku"])
    if line is None:
        line = state.items[data["sku"]] = [0, 0]
    line[0] += qty
    line[1] = cents(data["price"])
    state.total += qty * line[1]
    state.status = "placed"


def item_removed(state, data):
    line = state.items[data["sku"]]
    line[0] -= data["qty"]
    if line[0] == 0:
        del state.items[data["sku"]]
    state.total -= data["qty"] * cents(data["price"])
    state.status = "placed"


def discount_applied(state, data):
    state.discount += cents(data["amount"])


def payment_failed(state, data):
    state.failed_payments += 1


def payment_captured(state, data):
    state.paid += cents(data["amount"])
    state.status = "paid"


def refund_issued(state, data):
    state.refunded += cents(data["amount"])
    state.status = "refunded"


def address_changed(state, data):
    state.address = data["address"]


def becomes(status):
    def fold(state, data):
        state.status = status

    return fold


FOLDS = {
    "OrderPlaced": order_placed,
    "ItemAdded": item_added,
    "ItemRemoved": item_removed,
    "DiscountApplied": discount_applied,
    "PaymentFailed": payment_failed,
    "PaymentAuthorised": becomes("authorised"),
    "PaymentCaptured": payment_captured,
    "OrderShipped": becomes("shipped"),
    "OrderDelivered": becomes("delivered"),
    "ReturnRequested": becomes("return-requested"),
    "OrderReturned": becomes("returned"),
    "RefundIssued": refund_issued,
    "AddressChanged": address_changed,
    "OrderCancelled": becomes("cancelled"),
}


def checksum(state):
    """What every contender must come to for a state."""
    return (
        state.total
        + 3 * state.discount
        + 7 * state.paid
        + 11 * state.refunded
        + 13 * state.failed_payments
        + 17 * sum(line[0] for line in state.items.values())
        + 19 * len(state.items)
        + 23 * STATUSES.index(state.status)
        + 29 * len(state.customer_id)
    )
