using System.Text;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Rdp;

/// <summary>Client Core Data and Client Network Data of a connect request (MS-RDPBCGR, sections 2.2.1.3.2 and 2.2.1.3.4).</summary>
internal sealed class RdpClient
{
    private const int MostChannels = 31; // section 2.2.1.3.4
    private static readonly string[] KeyboardTypes = ["", "xt", "ico", "at", "enhanced", "1050", "9140", "jp"];
    private static readonly string[] Hints = ["", "modem", "low_broadband", "satellite", "high_broadband", "wan", "lan", "autodetect"];
    private static readonly string[] CapabilityNames = ["support_errinfo_pdf", "want_32bpp_session", "support_statusinfo_pdu", "strong_asymmetric_keys", "", "valid_connection_type",
        "support_monitor_layout_pdu", "support_netchar_autodetect", "support_dynvc_gfx_protocol", "support_dynamic_time_zone", "support_heartbeat_pdu"];

    private static readonly Dictionary<uint, string> Builds = new()
    {
        [2195] = "Windows 2000", [2600] = "Windows XP", [3790] = "Windows Server 2003", [6000] = "Windows Vista RTM", [6001] = "Windows Vista SP1", [6002] = "Windows Vista SP2",
        [7600] = "Windows 7 RTM", [7601] = "Windows 7 SP1", [9200] = "Windows 8", [9600] = "Windows 8.1", [10240] = "Windows 10 TH1", [10586] = "Windows 10 TH2",
        [14393] = "Windows 10 RS1", [15063] = "Windows 10 RS2", [16299] = "Windows 10 RS3", [17134] = "Windows 10 RS4", [17763] = "Windows 10 RS5",
    };

    private bool _hasCore;
    private uint _version, _layout, _build, _keyboardType, _keyboardSubtype, _functionKeys;
    private ushort _width, _height;
    private string _name = "", _ime = "", _id = "", _hint = "";
    private int _depth = -1, _product = -1, _capabilities = -1, _orientation = -1;
    private uint _serial;
    private long _physicalWidth = -1, _physicalHeight = -1, _scale = -1, _deviceScale = -1;
    private readonly List<string> _channels = [];

    /// <summary>The blocks of user data; false when one of the first fields is missing.</summary>
    public bool Read(ReadOnlySpan<byte> blocks)
    {
        var wire = new Wire(blocks, true);
        while (wire.Left >= 4)
        {
            ushort type = wire.U16(), length = wire.U16();
            ReadOnlySpan<byte> block = wire.Take(length - 4);
            if (wire.Bad) break;
            if (type == 0xc001 && !Core(block)) return false;
            if (type == 0xc003) Channels(block);
        }
        return true;
    }

    private bool Core(ReadOnlySpan<byte> block)
    {
        var wire = new Wire(block, true);
        _version = wire.U32();
        _width = wire.U16();
        _height = wire.U16();
        _depth = Depth(wire.U16());
        wire.Skip(2);
        _layout = wire.U32();
        _build = wire.U32();
        _name = Text(wire.Take(32));
        _keyboardType = wire.U32();
        _keyboardSubtype = wire.U32();
        _functionKeys = wire.U32();
        _ime = Text(wire.Take(64));
        if (wire.Bad) return false;
        _hasCore = true;
        Optional(ref wire);
        return true;
    }

    private static int Depth(ushort code) => code switch { 0xca00 => 4, 0xca01 => 8, 0xca02 => 15, 0xca03 => 16, 0xca04 => 24, _ => -1 };

    /// <summary>Fields that a client may leave off; with one that makes no sense the reading ends, since what follows cannot be trusted.</summary>
    private void Optional(ref Wire wire)
    {
        ushort post = wire.U16();
        if (wire.Bad || post != 0 && Depth(post) < 0) return;
        if (post != 0) _depth = Depth(post);
        ushort product = wire.U16();
        if (wire.Bad) return;
        _product = product;
        _serial = wire.U32();
        ushort high = wire.U16();
        if (wire.Bad || high is not (0 or 4 or 8 or 15 or 16 or 24)) return;
        if (high != 0) _depth = high;
        if (wire.U16() > 15 || wire.Bad) return;
        ushort capabilities = wire.U16();
        if (wire.Bad || capabilities >> CapabilityNames.Length != 0) return;
        _capabilities = capabilities;
        string id = Text(wire.Take(64));
        if (wire.Bad) return;
        _id = id;
        byte hint = wire.U8();
        if (wire.Bad || hint >= Hints.Length) return;
        _hint = Hints[hint];
        wire.Skip(1 + 4);
        uint width = wire.U32();
        if (wire.Bad || width is < 10 or > 10_000) return;
        _physicalWidth = width;
        uint height = wire.U32();
        if (wire.Bad || height is < 10 or > 10_000) return;
        _physicalHeight = height;
        ushort orientation = wire.U16();
        if (wire.Bad || orientation is not (0 or 90 or 180 or 270)) return;
        _orientation = orientation;
        uint scale = wire.U32();
        if (wire.Bad || scale is < 100 or > 500) return;
        _scale = scale;
        uint deviceScale = wire.U32();
        if (wire.Bad || deviceScale is not (100 or 140 or 180)) return;
        _deviceScale = deviceScale;
    }

    private static string Text(ReadOnlySpan<byte> utf16)
    {
        string text = Encoding.Unicode.GetString(utf16);
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private void Channels(ReadOnlySpan<byte> block)
    {
        var wire = new Wire(block, true);
        uint count = wire.U32();
        for (uint i = 0; i < count && _channels.Count < MostChannels; i++)
        {
            ReadOnlySpan<byte> name = wire.Take(8);
            wire.Skip(4);
            if (wire.Bad) return;
            int end = name.IndexOf((byte)0);
            _channels.Add(Encoding.Latin1.GetString(end < 0 ? name : name[..end]));
        }
    }

    public void Write(EveWriter to)
    {
        if (_hasCore)
        {
            to.Open("client"u8);
            to.Text("version"u8, _version switch { 0x80001 => "v4", 0x80004 => "v5", >= 0x80005 and <= 0x8000c => $"v10.{_version - 0x80005}", _ => "unknown" });
            to.Number("desktop_width"u8, _width);
            to.Number("desktop_height"u8, _height);
            if (_depth >= 0) to.Number("color_depth"u8, _depth);
            to.Text("keyboard_layout"u8, RdpKeyboards.NameOf(_layout));
            to.Text("build"u8, Builds.GetValueOrDefault(_build, "unknown"));
            if (_name.Length > 0) to.Text("client_name"u8, _name);
            if (_keyboardType > 0 && _keyboardType < KeyboardTypes.Length) to.Text("keyboard_type"u8, KeyboardTypes[_keyboardType]);
            if (_keyboardSubtype != 0) to.Number("keyboard_subtype"u8, _keyboardSubtype);
            if (_functionKeys != 0) to.Number("function_keys"u8, _functionKeys);
            if (_ime.Length > 0) to.Text("ime"u8, _ime);
            if (_product >= 0) to.Number("product_id"u8, _product);
            if (_serial != 0) to.Number("serial_number"u8, _serial);
            if (_capabilities >= 0) WriteCapabilities(to);
            if (_id.Length > 0) to.Text("id"u8, _id);
            if (_hint.Length > 0) to.Text("connection_hint"u8, _hint);
            if (_physicalWidth >= 0) to.Number("physical_width"u8, _physicalWidth);
            if (_physicalHeight >= 0) to.Number("physical_height"u8, _physicalHeight);
            if (_orientation >= 0) to.Number("desktop_orientation"u8, _orientation);
            if (_scale >= 0) to.Number("scale_factor"u8, _scale);
            if (_deviceScale >= 0) to.Number("device_scale_factor"u8, _deviceScale);
            to.Close();
        }
        if (_channels.Count == 0) return;
        to.OpenArray("channels"u8);
        foreach (string channel in _channels) to.Item(channel);
        to.CloseArray();
    }

    private void WriteCapabilities(EveWriter to)
    {
        to.OpenArray("capabilities"u8);
        for (int i = 0; i < CapabilityNames.Length; i++)
            if ((_capabilities >> i & 1) != 0 && CapabilityNames[i].Length > 0) to.Item(CapabilityNames[i]);
        to.CloseArray();
    }
}
