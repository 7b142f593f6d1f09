import { expect, it, vi } from 'vitest';
import { fakeBackend } from '../backend/fake';
import { Connecting, withoutPassword } from './connecting.svelte';
import { Desk } from './desk.svelte';

it('leaves no part of a password in the field, wherever it was written', () => {
  for (const mark of ['', ':', '@', '?', '#', '/', '%', '&', '&x=', '?password=']) {
    const password = `gehe${mark}heim`;
    const ofUser = ['mysql://ada:PW@db/shop', 'postgres://ada:PW@db:1/shop?sslmode=require'];
    // Without an @ in it: what follows one is the host of such an address.
    const withoutUser = mark === '@' ? [] : ['mysql://ada:PW/shop', 'mysql://ada:PW', 'postgres://db,ada:PW/shop'];
    const ofQuery = ['mysql://ada@db/shop?password=PW', 'mysql://ada@db/shop?sslmode=x&pass%77ord=PW&user=a'];
    for (const address of [...ofUser, ...withoutUser, ...ofQuery]) {
      const left = withoutPassword(address.replace('PW', password));
      expect(left, address.replace('PW', password)).not.toMatch(/gehe|heim/);
    }
  }
});

it('leaves an address without a password as it is', () => {
  for (const address of [
    ...['postgres://ada@pg-1:5433,[::1]:5432/orders?sslmode=verify-ca&port=1', 'mysql://db:3306/shop', 'db'],
    ...['mysql://ada@%2Frun%2Fmysqld.sock/shop', 'postgres:///orders?host=/tmp'],
  ]) {
    expect(withoutPassword(address)).toBe(address);
  }
});

it('says of every kind of server which of several is wanted', async () => {
  const backend = fakeBackend({ sampleEvents: 10 });
  const saved = vi.spyOn(backend, 'saveConnection');
  const form = new Connecting(new Desk(backend), 'new');
  [form.name, form.environment] = ['shop', 'test'];
  for (const scheme of ['postgres', 'mysql', 'mariadb']) {
    form.address = `${scheme}://ada@db-1,db-2/shop`;
    form.name = scheme;
    form.lines.targetSessionAttrs = 'standby';
    expect(await form.save()).toBe(true);
    expect(saved.mock.lastCall?.[0].targetSessionAttrs).toBe('standby');
  }
});

it('offers for a password the file that the kind of server knows, and no other', async () => {
  const backend = fakeBackend({ sampleEvents: 10 });
  const saved = vi.spyOn(backend, 'saveConnection');
  const form = new Connecting(new Desk(backend), 'new');
  const files = () => form.sources.filter((source) => source === 'pgpass' || source === 'mycnf');
  expect(files()).toEqual(['pgpass', 'mycnf']);
  for (const [scheme, own, foreign] of [
    ['postgres', 'pgpass', 'mycnf'],
    ['postgresql', 'pgpass', 'mycnf'],
    ['mysql', 'mycnf', 'pgpass'],
    ['mariadb', 'mycnf', 'pgpass'],
  ] as const) {
    form.address = '';
    form.source = foreign;
    [form.name, form.environment, form.address] = [scheme, 'test', `${scheme}://ada@db/shop`];
    expect(files()).toEqual([own]);
    // What was chosen before the address was there is taken back.
    expect(await form.save()).toBe(true);
    expect(saved.mock.lastCall?.[0].password).toBeNull();
    [form.name, form.source] = [`${scheme}-own`, own];
    expect(await form.save()).toBe(true);
    expect(saved.mock.lastCall?.[0].password).toBe(own);
  }
});

it('says of a name that is none what is wrong with it', () => {
  const form = new Connecting(new Desk(fakeBackend({ sampleEvents: 10 })), 'new');
  [form.environment, form.address] = ['test', 'postgres://ada@db/shop'];
  for (const name of ['prod orders!!', '-shop', 'größe', 'a'.repeat(65)]) {
    form.name = name;
    expect([form.isWronglyNamed, form.unsavable?.slice(0, 17)], name).toEqual([true, 'A name has letter']);
  }
  for (const name of ['orders-eu', ' 2.shop_A ']) {
    form.name = name;
    expect([form.isWronglyNamed, form.unsavable], name).toEqual([false, null]);
  }
});

it('writes of the source of a password what belongs to it alone', async () => {
  const backend = fakeBackend({ sampleEvents: 10 });
  const saved = vi.spyOn(backend, 'saveConnection');
  const form = new Connecting(new Desk(backend), 'new');
  [form.environment, form.address, form.sourceText] = ['test', 'postgres://ada@db/shop', ' SHOP_PASSWORD '];
  for (const [source, line] of [
    ['env', 'env SHOP_PASSWORD'],
    ['command', 'command SHOP_PASSWORD'],
    ['keychain', 'keychain'],
    ['', null],
  ] as const) {
    [form.name, form.source] = [`shop-${source}`, source];
    expect(await form.save()).toBe(true);
    expect(saved.mock.lastCall?.[0].password).toBe(line);
  }
});

it('saves our certificate with the place of its key, and shows both again', async () => {
  const backend = fakeBackend({ sampleEvents: 10 });
  const saved = vi.spyOn(backend, 'saveConnection');
  const form = new Connecting(new Desk(backend), 'new');
  [form.name, form.environment, form.address] = ['shop', 'test', 'postgres://ada@db/shop'];
  [form.lines.sslcert, form.lines.sslkey] = [' /ada.pem ', '/ada.key'];
  expect(await form.save()).toBe(true);
  const connection = saved.mock.lastCall?.[0];
  expect(connection).toMatchObject({ sslcert: '/ada.pem', sslkey: '/ada.key' });
  const again = new Connecting(new Desk(backend), {
    connection: connection ?? {},
    target: '',
    address: '',
    problems: [],
  });
  expect([again.lines.sslcert, again.lines.sslkey]).toEqual(['/ada.pem', '/ada.key']);
});

it('limits the rate as the field says, which shows what the address says and may take it back', async () => {
  const backend = fakeBackend({ sampleEvents: 10 });
  const saved = vi.spyOn(backend, 'saveConnection');
  const read = vi.spyOn(backend, 'readAddress');
  const form = new Connecting(new Desk(backend), 'new');
  [form.name, form.environment, form.address] = ['shop', 'test', 'postgres://ada@db/shop'];
  form.lines.megabytesPerSecond = ' 5 ';
  expect(await form.save()).toBe(true);
  const connection = saved.mock.lastCall?.[0] ?? {};
  expect(connection.megabytesPerSecond).toBe('5');

  const address = 'postgres://ada@db/shop?megabytes_per_second=5';
  const again = new Connecting(new Desk(backend), { connection, target: '', address, problems: [] });
  const says = (rate: string | null) =>
    read.mockResolvedValueOnce({ connection: { ...connection, megabytesPerSecond: rate }, hasPassword: false });
  expect(again.lines.megabytesPerSecond).toBe('5');
  again.lines.megabytesPerSecond = '';
  says('5');
  expect(await again.save()).toBe(true);
  expect(saved.mock.lastCall?.[0].megabytesPerSecond).toBeNull();
  for (const [said, shown] of [
    ['7', '7'],
    [null, ''],
  ] as const) {
    again.address = `postgres://ada@db/shop?${said ?? ''}`;
    says(said);
    await again.readAddress();
    expect(again.lines.megabytesPerSecond).toBe(shown);
  }
});
