/* Names of event types, as policies see them. Spec: PC Client Platform Firmware Profile 1.06, clause 10.4.1; Intel TXT Software
 * Development Guide, annex on event types; wbcl.h of the Windows SDK.
 *
 * 0x14, which some tools of confidential guests use for records of IMA, has no name here: the type of an event is proven by nothing, and a
 * policy that asks for IMA_MEASUREMENT_EVENT must get records of IMA lists only. */
#include "eventlog/log.h"

#include <stdio.h>

static const struct {
    uint32_t type;
    const char *name;
} names[] = {
    { 0x00000000, "EV_PREBOOT_CERT" },
    { 0x00000001, "EV_POST_CODE" },
    { 0x00000002, "EV_UNUSED" },
    { 0x00000003, "EV_NO_ACTION" },
    { 0x00000004, "EV_SEPARATOR" },
    { 0x00000005, "EV_ACTION" },
    { 0x00000006, "EV_EVENT_TAG" },
    { 0x00000007, "EV_S_CRTM_CONTENTS" },
    { 0x00000008, "EV_S_CRTM_VERSION" },
    { 0x00000009, "EV_CPU_MICROCODE" },
    { 0x0000000a, "EV_PLATFORM_CONFIG_FLAGS" },
    { 0x0000000b, "EV_TABLE_OF_DEVICES" },
    { 0x0000000c, "EV_COMPACT_HASH" },
    { 0x0000000d, "EV_IPL" },
    { 0x0000000e, "EV_IPL_PARTITION_DATA" },
    { 0x0000000f, "EV_NONHOST_CODE" },
    { 0x00000010, "EV_NONHOST_CONFIG" },
    { 0x00000011, "EV_NONHOST_INFO" },
    { 0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS" },
    { 0x00000013, "EV_POST_CODE2" },
    { 0x00000401, "EV_TXT_PCR_MAPPING" },
    { 0x00000402, "EV_TXT_HASH_START" },
    { 0x00000403, "EV_TXT_COMBINED_HASH" },
    { 0x00000404, "EV_TXT_MLE_HASH" },
    { 0x0000040a, "EV_TXT_BIOSAC_REG_DATA" },
    { 0x0000040b, "EV_TXT_CPU_SCRTM_STAT" },
    { 0x0000040c, "EV_TXT_LCP_CONTROL_HASH" },
    { 0x0000040d, "EV_TXT_ELEMENTS_HASH" },
    { 0x0000040e, "EV_TXT_STM_HASH" },
    { 0x0000040f, "EV_TXT_OSSINITDATA_CAP_HASH" },
    { 0x00000410, "EV_TXT_SINIT_PUBKEY_HASH" },
    { 0x00000411, "EV_TXT_LCP_HASH" },
    { 0x00000412, "EV_TXT_LCP_DETAILS_HASH" },
    { 0x00000413, "EV_TXT_LCP_AUTHORITIES_HASH" },
    { 0x00000414, "EV_TXT_NV_INFO_HASH" },
    { 0x00000415, "EV_TXT_COLD_BOOT_BIOS_HASH" },
    { 0x00000416, "EV_TXT_KM_HASH" },
    { 0x00000417, "EV_TXT_BPM_HASH" },
    { 0x00000418, "EV_TXT_KM_INFO_HASH" },
    { 0x00000419, "EV_TXT_BPM_INFO_HASH" },
    { 0x0000041a, "EV_TXT_BOOT_POL_HASH" },
    { 0x000004fe, "EV_TXT_RANDOM_VALUE" },
    { 0x000004ff, "EV_TXT_CAP_VALUE" },
    { 0x00008000, "EV_AMD_SL_EVENT_BASE" },
    { 0x00008001, "EV_AMD_SL_LOAD" },
    { 0x00008002, "EV_AMD_SL_PSP_FW_SPLT" },
    { 0x00008003, "EV_AMD_SL_TSME_RB_FUSE" },
    { 0x00008004, "EV_AMD_SL_PUB_KEY" },
    { 0x00008005, "EV_AMD_SL_SVN" },
    { 0x00008006, "EV_AMD_SL_LOAD_1" },
    { 0x00008007, "EV_AMD_SL_SEPARATOR" },
    { 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
    { 0x80000002, "EV_EFI_VARIABLE_BOOT" },
    { 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION" },
    { 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER" },
    { 0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
    { 0x80000006, "EV_EFI_GPT_EVENT" },
    { 0x80000007, "EV_EFI_ACTION" },
    { 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB" },
    { 0x80000009, "EV_EFI_HANDOFF_TABLES" },
    { 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" },
    { 0x8000000b, "EV_EFI_HANDOFF_TABLES2" },
    { 0x8000000c, "EV_EFI_VARIABLE_BOOT2" },
    { 0x8000000d, "EV_EFI_GPT_EVENT2" },
    { 0x80000010, "EV_EFI_HCRTM_EVENT" },
    { 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY" },
    { 0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB" },
    { 0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
    { 0x800000e3, "EV_EFI_SPDM_DEVICE_POLICY" },
    { 0x800000e4, "EV_EFI_SPDM_DEVICE_AUTHORITY" },
};

const char *log_event_type_name(uint32_t type, char room[32])
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].type == type)
            return names[i].name;
    (void)snprintf(room, 32, "EV_UNKNOWN_0x%08X", type);
    return room;
}
