namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>Frame types of RFC 9113, section 6.</summary>
internal enum Http2Frame : byte { Data, Headers, Priority, ResetStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation }

/// <summary>Names of frames, errors and settings: as rules write them, and as records show them.</summary>
internal static class Http2Names
{
    private static readonly string[] Frames = ["DATA", "HEADERS", "PRIORITY", "RSTSTREAM", "SETTINGS", "PUSHPROMISE", "PING", "GOAWAY", "WINDOWUPDATE", "CONTINUATION"];

    // RFC 9113, section 7
    private static readonly string[] Errors = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM",
        "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"];

    private static readonly string[] ShownErrors = ["NoError", "ProtocolError", "InternalError", "FlowControlError", "SettingsTimeout", "StreamClosed", "FrameSizeError", "RefusedStream",
        "Cancel", "CompressionError", "ConnectError", "EnhanceYourCalm", "InadequateSecurity", "Http11Required"];

    // section 6.5.2, from 1 on
    private static readonly string[] Settings = ["SETTINGS_HEADER_TABLE_SIZE", "SETTINGS_ENABLE_PUSH", "SETTINGS_MAX_CONCURRENT_STREAMS", "SETTINGS_INITIAL_WINDOW_SIZE", "SETTINGS_MAX_FRAME_SIZE",
        "SETTINGS_MAX_HEADER_LIST_SIZE"];

    public static int LastSetting => Settings.Length;

    /// <summary>-1: no such name.</summary>
    public static int FrameOf(string name) => IndexOf(Frames, name);

    /// <summary>-1: no such name.</summary>
    public static int ErrorOf(string name) => IndexOf(Errors, name);

    /// <summary>0: no such name.</summary>
    public static int SettingOf(string name) => IndexOf(Settings, name) + 1;

    public static string Error(uint code) => code < ShownErrors.Length ? ShownErrors[code] : code.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static string Setting(int id) => Settings[id - 1].Replace("_", "", StringComparison.Ordinal);

    private static int IndexOf(string[] names, string name)
    {
        string plain = name.Replace("_", "", StringComparison.Ordinal);
        return Array.FindIndex(names, n => n.Replace("_", "", StringComparison.Ordinal).Equals(plain, StringComparison.OrdinalIgnoreCase));
    }
}
