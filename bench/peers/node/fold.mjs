// The fold of fixtures/orders/README.md (order@1.1.0), as a person would write it by hand in JavaScript.
// python/fold.py and jq/fold.jq are the same fold line by line; all must come to the same checksum.

const STATUSES = [
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
];

export const initial = () => ({
  status: "none",
  customerId: null,
  currency: null,
  address: null,
  items: {},
  total: 0,
  discount: 0,
  paid: 0,
  refunded: 0,
  failedPayments: 0,
});

const cents = (amount) => Math.round(amount * 100);

/** Folds one event into the state, in place. Amounts are kept in cents. */
export const evolve = (state, event) => {
  const { type, data } = event;
  switch (type) {
    case "OrderPlaced":
      state.status = "placed";
      state.customerId = data.customerId ?? data.customer;
      state.currency = data.currency ?? "EUR";
      state.address = data.address;
      break;
    case "ItemAdded": {
      const qty = data.qty ?? data.quantity;
      const line = (state.items[data.sku] ??= { qty: 0, price: 0 });
      line.qty += qty;
      line.price = cents(data.price);
      state.total += qty * cents(data.price);
      state.status = "placed";
      break;
    }
    case "ItemRemoved": {
      const line = state.items[data.sku];
      line.qty -= data.qty;
      if (line.qty === 0) delete state.items[data.sku];
      state.total -= data.qty * cents(data.price);
      state.status = "placed";
      break;
    }
    case "DiscountApplied":
      state.discount += cents(data.amount);
      break;
    case "PaymentFailed":
      state.failedPayments += 1;
      break;
    case "PaymentAuthorised":
      state.status = "authorised";
      break;
    case "PaymentCaptured":
      state.paid += cents(data.amount);
      state.status = "paid";
      break;
    case "OrderShipped":
      state.status = "shipped";
      break;
    case "OrderDelivered":
      state.status = "delivered";
      break;
    case "ReturnRequested":
      state.status = "return-requested";
      break;
    case "OrderReturned":
      state.status = "returned";
      break;
    case "RefundIssued":
      state.refunded += cents(data.amount);
      state.status = "refunded";
      break;
    case "AddressChanged":
      state.address = data.address;
      break;
    case "OrderCancelled":
      state.status = "cancelled";
      break;
  }
  return state;
};

/** What every contender must come to for a state; sums of it stay far below 2^53. */
export const checksum = (state) => {
  let quantities = 0;
  let lines = 0;
  for (const sku in state.items) {
    quantities += state.items[sku].qty;
    lines += 1;
  }
  return (
    state.total +
    3 * state.discount +
    7 * state.paid +
    11 * state.refunded +
    13 * state.failedPayments +
    17 * quantities +
    19 * lines +
    23 * STATUSES.indexOf(state.status) +
    29 * state.customerId.length
  );
};
