/* A folder without sources yet still is a target. */
typedef int att_empty;
