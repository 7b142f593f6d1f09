// What the window's door says of saved connections. No password comes back through it.

import type { AddressRead, Connected, Connection, ConnectionBook, ConnectStep } from './bindings';

export interface ConnectionsBackend {
  connections(): Promise<ConnectionBook>;
  /** `before`: the name of the one that it replaces; `null`: it is new. */
  saveConnection(connection: Connection, before: string | null): Promise<ConnectionBook>;
  /** The store itself is untouched. */
  removeConnection(name: string): Promise<ConnectionBook>;
  /** What an address says; a password in it stays in the memory of the host. */
  readAddress(address: string): Promise<AddressRead>;
  /** A password for a store as it is named, in memory until the window closes. */
  typePassword(location: string, password: string): Promise<void>;
  /** Tries a connection, saved or not; `told` hears of each of the five steps when it is through. */
  tryConnection(connection: Connection, password: string | null, told: (step: ConnectStep) => void): Promise<Connected>;
}
