/**
 * Version of the record, raised by one whenever a field is added. A column that an older table lacks would be
 * dropped in silence, so ingest never consumes a version above its own.
 */
export const RECORD_VERSION = 1;
