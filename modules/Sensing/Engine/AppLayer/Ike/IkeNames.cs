using System.Globalization;

namespace Appliance.Sensing.Engine.AppLayer.Ike;

/// <summary>Names of IKE's registered numbers (RFC 2409 appendix A, RFC 7296 section 3) as records show them.</summary>
internal static class IkeNames
{
    private static readonly string[] OneEncryption = ["", "EncDesCbc", "EncIdeaCbc", "EncBlowfishCbc", "EncRc5R16B64Cbc", "EncTripleDesCbc", "EncCastCbc", "EncAesCbc", "EncCamelliaCbc"];
    private static readonly string[] OneHash = ["", "HashMd5", "HashSha", "HashTiger", "HashSha2_256", "HashSha2_384", "HashSha2_512"];
    private static readonly string[] OneAuthentication = ["", "AuthPreSharedKey", "AuthDssSignatures", "AuthRsaSignatures", "AuthEncryptionWithRsa", "AuthRevisedEncryptionWithRsa", "AuthReserved",
        "AuthReserved", "AuthReserved", "AuthEcdsaSha256", "AuthEcdsaSha384", "AuthEcdsaSha512"];
    private static readonly string[] OneGroup = ["", "GroupDefault768BitModp", "GroupAlternate1024BitModpGroup", "GroupEc2nOnGp2p155", "GroupEc2nOnGp2p185", "GroupModp1536Bit", "GroupEc2nOverGf2p163",
        "GroupEc2nOverGf2p163", "GroupEc2nOverGf2p283", "GroupEc2nOverGf2p283", "GroupEc2nOverGf2p409", "GroupEc2nOverGf2p409", "GroupEc2nOverGf2p571", "GroupEc2nOverGf2p571", "GroupModp2048Bit",
        "GroupModp3072Bit", "GroupModp4096Bit", "GroupModp6144Bit", "GroupModp8192Bit", "GroupRandomEcp256", "GroupRandomEcp384", "GroupRandomEcp521", "GroupModp1024With160BitPrime",
        "GroupModp2048With224BitPrime", "GroupModp2048With256BitPrime", "GroupRandomEcp192", "GroupRandomEcp224", "GroupBrainpoolEcp224", "GroupBrainpoolEcp256", "GroupBrainpoolEcp384", "GroupBrainpoolEcp512"];
    private static readonly string[] OneLifeType = ["", "LifeTypeSeconds", "LifeTypeKilobytes"];

    private static readonly string[] Attributes = ["unknown", "alg_enc", "alg_hash", "alg_auth", "alg_dh", "sa_group_type", "sa_group_prime", "sa_group_generator_one", "sa_group_generator_two",
        "sa_group_curve_a", "sa_group_curve_b", "sa_life_type", "sa_life_duration", "alg_prf", "sa_key_length", "sa_field_size", "sa_group_order"];

    private static readonly string[] OnePayloads = ["None", "SecurityAssociation", "Proposal", "Transform", "KeyExchange", "Identification", "Certificate", "CertificateRequest", "Hash", "Signature", "Nonce",
        "Notification", "Delete", "VendorID", "", "SaKekPayload", "SaTekPayload", "KeyDownload", "SequenceNumber", "ProofOfPossession", "NatDiscovery", "NatOriginalAddress", "GroupAssociatedPolicy"];

    private static readonly string[] TwoPayloads = ["SecurityAssociation", "KeyExchange", "IdentInitiator", "IdentResponder", "Certificate", "CertificateRequest", "Authentication", "Nonce", "Notify", "Delete",
        "VendorID", "TrafficSelectorInitiator", "TrafficSelectorResponder", "EncryptedAndAuthenticated", "Configuration", "ExtensibleAuthentication"];

    private static readonly string[] TwoEncryption = ["", "ENCR_DES_IV64", "ENCR_DES", "ENCR_3DES", "ENCR_RC5", "ENCR_IDEA", "ENCR_CAST", "ENCR_BLOWFISH", "ENCR_3IDEA", "ENCR_DES_IV32", "", "ENCR_NULL",
        "ENCR_AES_CBC", "ENCR_AES_CTR", "ENCR_AES_CCM_8", "ENCR_AES_CCM_12", "ENCR_AES_CCM_16", "", "ENCR_AES_GCM_8", "ENCR_AES_GCM_12", "ENCR_AES_GCM_16", "ENCR_NULL_AUTH_AES_GMAC", "", "ENCR_CAMELLIA_CBC",
        "ENCR_CAMELLIA_CTR", "ENCR_CAMELLIA_CCM_8", "ENCR_CAMELLIA_CCM_12", "ENCR_CAMELLIA_CCM_16", "ENCR_CHACHA20_POLY1305"];
    private static readonly string[] TwoFunction = ["PRF_NULL", "PRF_HMAC_MD5", "PRF_HMAC_SHA1", "PRF_HMAC_TIGER", "PRF_AES128_XCBC", "PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_384", "PRF_HMAC_SHA2_512", "PRF_AES128_CMAC"];
    private static readonly string[] TwoIntegrity = ["NONE", "AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96", "AUTH_DES_MAC", "AUTH_KPDK_MD5", "AUTH_AES_XCBC_96", "AUTH_HMAC_MD5_128", "AUTH_HMAC_SHA1_160",
        "AUTH_AES_CMAC_96", "AUTH_AES_128_GMAC", "AUTH_AES_192_GMAC", "AUTH_AES_256_GMAC", "AUTH_HMAC_SHA2_256_128", "AUTH_HMAC_SHA2_384_192", "AUTH_HMAC_SHA2_512_256"];
    private static readonly string[] TwoGroup = ["None", "Modp768", "Modp1024", "", "", "Modp1536", "", "", "", "", "", "", "", "", "Modp2048", "Modp3072", "Modp4096", "Modp6144", "Modp8192", "Ecp256", "Ecp384",
        "Ecp521", "Modp1024s160", "Modp2048s224", "Modp2048s256", "Ecp192", "Ecp224", "BrainpoolP224r1", "BrainpoolP256r1", "BrainpoolP384r1", "BrainpoolP512r1", "Curve25519", "Curve448"];
    private static readonly string[] TwoSequence = ["NoESN", "ESN"];

    private static readonly Dictionary<int, string> Notifications = new()
    {
        [1] = "UNSUPPORTED_CRITICAL_PAYLOAD", [4] = "INVALID_IKE_SPI", [5] = "INVALID_MAJOR_VERSION", [7] = "INVALID_SYNTAX", [9] = "INVALID_MESSAGE_ID", [11] = "INVALID_SPI", [14] = "NO_PROPOSAL_CHOSEN",
        [17] = "INVALID_KE_PAYLOAD", [24] = "AUTHENTICATION_FAILED", [34] = "SINGLE_PAIR_REQUIRED", [35] = "NO_ADDITIONAL_SAS", [36] = "INTERNAL_ADDRESS_FAILURE", [37] = "FAILED_CP_REQUIRED",
        [38] = "TS_UNACCEPTABLE", [39] = "INVALID_SELECTORS", [43] = "TEMPORARY_FAILURE", [44] = "CHILD_SA_NOT_FOUND", [16384] = "INITIAL_CONTACT", [16385] = "SET_WINDOW_SIZE",
        [16386] = "ADDITIONAL_TS_POSSIBLE", [16387] = "IPCOMP_SUPPORTED", [16388] = "NAT_DETECTION_SOURCE_IP", [16389] = "NAT_DETECTION_DESTINATION_IP", [16390] = "COOKIE", [16391] = "USE_TRANSPORT_MODE",
        [16392] = "HTTP_CERT_LOOKUP_SUPPORTED", [16393] = "REKEY_SA", [16394] = "ESP_TFC_PADDING_NOT_SUPPORTED", [16395] = "NON_FIRST_FRAGMENTS_ALSO", [16404] = "MULTIPLE_AUTH_SUPPORTED",
        [16405] = "ANOTHER_AUTH_FOLLOWS", [16406] = "REDIRECT_SUPPORTED", [16430] = "IKEV2_FRAGMENTATION_SUPPORTED", [16431] = "SIGNATURE_HASH_ALGORITHMS",
    };

    private static string Of(string[] names, long number, string otherwise) =>
        number >= 0 && number < names.Length && names[number].Length > 0 ? names[number] : otherwise;

    private static string Raw(string kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}({number} / 0x{number:x})");

    public static string Attribute(int type) => Of(Attributes, type, "unknown");

    public static string AttributeValue(int type, long value) => Of(type switch { 1 => OneEncryption, 2 => OneHash, 3 => OneAuthentication, 4 => OneGroup, 11 => OneLifeType, _ => [] }, value, "Unknown");

    /// <summary>The name of a payload of version 1, or null when there is none.</summary>
    public static string? PayloadOne(int type) => Of(OnePayloads, type, "") is { Length: > 0 } name ? name : null;

    public static string PayloadTwo(int type) => type == 0 ? "NoNextPayload" : Of(TwoPayloads, type - 33, Raw("IkePayloadType", type));

    public static string Notification(int type) => Notifications.TryGetValue(type, out string? name) ? name : Raw("NotifyType", type);

    public static string Encryption(int id) => Of(TwoEncryption, id, Raw("IkeTransformEncType", id));
    public static string Function(int id) => Of(TwoFunction, id, Raw("IkeTransformPRFType", id));
    public static string Integrity(int id) => Of(TwoIntegrity, id, Raw("IkeTransformAuthType", id));
    public static string Group(int id) => Of(TwoGroup, id, Raw("IkeTransformDHType", id));
    public static string SequenceNumbers(int id) => Of(TwoSequence, id, Raw("IkeTransformESNType", id));
}
