/** The oldest ClickHouse that tables and queries are made for. */
import type { Warehouse } from '../seams.ts';

const OLDEST = '26.7';

/** Throws an Error that names both versions where a server's (`26.7.2.1`) is too old. */
export function refuseOldServer(version: string): void {
  const [year, month] = version.split('.').map(Number);
  const [oldest_year, oldest_month] = OLDEST.split('.').map(Number);
  const isOld = year! < oldest_year! || (year === oldest_year && month! < oldest_month!);
  if (isOld)
    throw new Error(`The ClickHouse server is of version ${version}: Plumbline needs ${OLDEST} or newer.`);
}

/** Rejects with WarehouseError, or with the Error of `refuseOldServer`. */
export async function checkServer(warehouse: Warehouse): Promise<void> {
  const { rows } = await warehouse.query<{ version: string }>('SELECT version() AS version');
  refuseOldServer(rows[0]!.version);
}
