# The fold of fixtures/orders/README.md (order@1.1.0) for jq -n over lines [stream, type, data];
# node/fold.mjs is the same line by line. It answers {"events", "checksum"}.

def cents: . * 100 | round;

def initial:
  { status: "none", customerId: null, items: {}, total: 0, discount: 0, paid: 0, refunded: 0, failedPayments: 0 };

def evolve($type; $data):
  if $type == "ItemAdded" then
    ($data.qty // $data.quantity) as $qty
    | .items[$data.sku].qty += $qty
    | .total += $qty * ($data.price | cents)
    | .status = "placed"
  elif $type == "ItemRemoved" then
    .items[$data.sku].qty -= $data.qty
    | (if .items[$data.sku].qty == 0 then del(.items[$data.sku]) else . end)
    | .total -= $data.qty * ($data.price | cents)
    | .status = "placed"
  elif $type == "OrderPlaced" then
    .status = "placed"
    | .customerId = ($data.customerId // $data.customer)
    | .currency = ($data.currency // "EUR")
    | .address = $data.address
  elif $type == "DiscountApplied" then .discount += ($data.amount | cents)
  elif $type == "PaymentFailed" then .failedPayments += 1
  elif $type == "PaymentAuthorised" then .status = "authorised"
  elif $type == "PaymentCaptured" then .paid += ($data.amount | cents) | .status = "paid"
  elif $type == "OrderShipped" then .status = "shipped"
  elif $type == "OrderDelivered" then .status = "delivered"
  elif $type == "ReturnRequested" then .status = "return-requested"
  elif $type == "OrderReturned" then .status = "returned"
  elif $type == "RefundIssued" then .refunded += ($data.amount | cents) | .status = "refunded"
  elif $type == "AddressChanged" then .address = $data.address
  elif $type == "OrderCancelled" then .status = "cancelled"
  else .
  end;

def checksum:
  .total + 3 * .discount + 7 * .paid + 11 * .refunded + 13 * .failedPayments
  + 17 * ([.items[].qty] | add // 0)
  + 19 * (.items | length)
  + 23 * (.status as $status
    | ["none", "placed", "authorised", "paid", "shipped", "delivered", "return-requested", "returned", "refunded",
       "cancelled"]
    | index($status))
  + 29 * (.customerId | length);

reduce inputs as [$stream, $type, $data] ({ events: 0, states: {} };
  .events += 1
  | .states[$stream] = ((.states[$stream] // initial) | evolve($type; $data))
)
| { events, checksum: ([.states[] | checksum] | add) }
