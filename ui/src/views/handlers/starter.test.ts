import { expect, it } from 'vitest';
import { starterCommand } from './starter';

it('names the store by its whole path, and a category that it holds', () => {
  const categories = [
    { name: 'invoice', streams: 3 },
    { name: 'order', streams: 5001 },
  ];
  expect(starterCommand('/home/ada/shop/orders.db', categories)).toBe(
    'refold new-handler /home/ada/shop/orders.db --category order',
  );
  expect(starterCommand('/shop/carts.jsonl', [{ name: '', streams: 7 }])).toBe(
    `refold new-handler /shop/carts.jsonl --category '(none)'`,
  );
  expect(starterCommand("/home/ada/it's mine.db", [])).toBe(
    String.raw`refold new-handler '/home/ada/it'\''s mine.db' --category CATEGORY`,
  );
});
