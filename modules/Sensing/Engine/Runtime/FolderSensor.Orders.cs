using System.Text.Json;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>An order to start again: obeyed once by its id, answered, and carried out by ending with a code of its own, so that whoever supervises the process starts it.</summary>
internal sealed partial class FolderSensor
{
    private const int MostOrderBytes = 4096;
    private string? _order;
    private string? _refusedOrder;

    /// <summary>Looks for <c>control/restart.json</c>. The ledger remembers the id through the restart, and control is read-only here: the host takes the file away.</summary>
    private void TakeOrder(CancellationTokenSource ended)
    {
        string path = Path.Combine(_root, "control", "restart.json");
        if (ended.IsCancellationRequested || !File.Exists(path)) return;
        if (OrderIn(path) is not { } id || !_ledger.TryBegin(id)) return;
        _ledger.Ended(id);
        _order = id;
        Answer("sensor restarting", w => w.Text("order"u8, id));
        ended.Cancel();
    }

    private string? OrderIn(string path)
    {
        string fault;
        try
        {
            if (new FileInfo(path).Length > MostOrderBytes) throw new JsonException("it is too large");
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id", out JsonElement e) && e.ValueKind == JsonValueKind.String
                && e.GetString() is { Length: > 0 and <= 64 } id && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return id;
            fault = "it names no id";
        }
        catch (JsonException e)
        {
            fault = e.Message;
        }
        if (_refusedOrder != fault) _stderr.WriteLine($"sensor: the order to start again cannot be read: {fault}");
        _refusedOrder = fault;
        return null;
    }
}
