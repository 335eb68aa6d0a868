namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>What SMTP and its mails can have wrong with them, by the names rules use.</summary>
internal static class SmtpEvents
{
    public const string InvalidReply = "invalid_reply", InvalidPipelining = "invalid_pipelined_sequence", ChunkExceeded = "bdat_chunk_len_exceeded", NoWelcome = "no_server_welcome_message", TlsRejected = "tls_rejected",
        DataRejected = "data_command_rejected", ParseFailed = "mime_parse_failed", Malformed = "mime_malformed_msg", InvalidQuotedPrintable = "mime_invalid_qp", LongLine = "mime_long_line",
        LongEncodedLine = "mime_long_enc_line", LongHeaderName = "mime_long_header_name", LongHeaderValue = "mime_long_header_value", LongBoundary = "mime_long_boundary", LongFileName = "mime_long_filename",
        Duplicate = "duplicate_fields", TruncatedLine = "truncated_line";
}
