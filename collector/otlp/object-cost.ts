/** What counts how much against `objects_per_request`, by the memory it takes. */
export const OBJECT_COST = 4;
export const ITEM_COST = 1;
