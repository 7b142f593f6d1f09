use super::*;

#[test]
fn a_starter_is_written() {
    let mut starter = Starter::default();
    starter.observe(
        b"OrderPlaced",
        Some(br#"{"orderId":9007199254740993,"odd-name":"x","address":{"city":"Leipzig"},"note":null}"#),
    );
    starter.observe(
        b"ItemAdded",
        Some(br#"{"orderId":9007199254740993,"sku":"A","qty":1,"price":1.50}"#),
    );
    starter.observe(b"ItemRemoved", Some(br#"{"orderId":9007199254740993,"sku":"A"}"#));
    starter.observe(b"Noted", Some(b"cut o"));
    println!("{}", starter.files("Order!")[1].text);
}
