namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>What a message of HTTP can have wrong with it, by the names rules use.</summary>
internal static class HttpEvents
{
    public const string GzipFailed = "gzip_decompression_failed", CompressionBomb = "compression_bomb", TooManyLayers = "too_many_encoding_layers", AbnormalCoding = "abnormal_ce_header",
        LzmaMemoryLimit = "lzma_memlimit_reached",
        RequestMissingColon = "request_field_missing_colon", ResponseMissingColon = "response_field_missing_colon",
        RequestHeaderInvalid = "request_header_invalid", ResponseHeaderInvalid = "response_header_invalid",
        RequestFolding = "invalid_request_field_folding", ResponseFolding = "invalid_response_field_folding",
        RequestTooLong = "request_field_too_long", ResponseTooLong = "response_field_too_long",
        RequestTooManyHeaders = "request_too_many_headers", ResponseTooManyHeaders = "response_too_many_headers",
        RequestChunk = "invalid_request_chunk_len", ResponseChunk = "invalid_response_chunk_len", ChunkExtension = "request_chunk_extension",
        RequestTransferEncoding = "invalid_transfer_encoding_value_in_request", RequestLength = "invalid_content_length_field_in_request",
        ResponseLength = "invalid_content_length_field_in_response",
        RequestLengthTwice = "duplicate_content_length_field_in_request", ResponseLengthTwice = "duplicate_content_length_field_in_response",
        ContinueTwice = "100_continue_already_seen", NoRequest = "unable_to_match_response_to_request",
        HostMissing = "missing_host_header", HostAmbiguous = "host_header_ambiguous", HostInUriInvalid = "request_uri_host_invalid", HostInHeaderInvalid = "request_header_host_invalid",
        UriDelimiter = "uri_delim_non_compliant", MethodDelimiter = "method_delim_non_compliant", LeadingSpace = "request_line_leading_whitespace", LineIncomplete = "request_line_incomplete",
        UnexpectedRequestBody = "request_body_unexpected", AuthenticationUnknown = "request_auth_unrecognized",
        AbnormalTransferEncoding = "response_abnormal_transfer_encoding", ChunkedOldProtocol = "response_chunked_old_proto", ByteRanges = "response_multipart_byteranges",
        ResponseProtocol = "response_invalid_protocol", ResponseStatus = "response_invalid_status",
        MultipartError = "multipart_generic_error", MultipartNoFile = "multipart_no_filedata", MultipartHeader = "multipart_invalid_header",
        RangeInvalid = "range_invalid", FileNameTooLong = "file_name_too_long", TooManyWarnings = "too_many_warnings", ProtocolChangeFailed = "failed_protocol_change",
        DoubleEncoded = "double_encoded_uri";
}
